#include <thread>

#include "check.hpp"
#include "post.hpp"

// Exchanges are answered in the order of the tape, whatever the order in which they are sent; one that fails is told.
int main() {
    Post post(3);
    post.send(1);
    close(post.wait(1), true, 0, "an exchange that nobody serves is back at once", "");
    post.serve(true);
    std::vector<long> order;
    std::thread server([&] {
        for (long number; (number = post.next()) >= 0;) {
            order.push_back(number);
            post.answer(number != 2);
        }
    });
    for (int step = 0; step < 1000; ++step) {
        for (const std::size_t number : {2, 0, 1}) post.send(number);
        close(post.wait(0), true, 0, "the first comes back", "");
        close(post.wait(1), true, 0, "the second comes back", "");
        close(post.wait(2), false, 0, "the third fails", "");
    }
    post.send(0);
    close(post.wait(0), true, 0, "the next step", "");
    post.serve(false);
    server.join();
    close(double(order.size()), 3001, 0, "answers", "");
    for (std::size_t n = 0; n < order.size(); ++n) close(double(order[n]), double(n % 3), 0, "the order", "");
    int looks = 0;
    post.serve(true);
    std::thread late([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        post.answer(true);
    });
    post.send(0);
    close(post.wait(0, [&] { ++looks; }), true, 0, "a late answer", "");
    late.join();
    close(looks > 0, true, 0, "looks while it waits", "");
    if (!failures) std::puts("passed");
    return failures != 0;
}
