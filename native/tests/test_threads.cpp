#include <atomic>
#include <thread>

#include "check.hpp"
#include "threads.hpp"

// Sums over barriers, runs of changing size one after the other, and who finds the team busy runs alone.
int main() {
    for (int run = 0; run < 3000; ++run) {
        const Lease lease(1 + run % 4);
        close(lease.count(), 1 + run % 4, 0, "threads of a lease", "");
        Barrier barrier(lease.count());
        std::atomic<int> sum{0};
        std::atomic<bool> early{false};
        lease.run([&](int index) {
            for (int round = 1; round <= 3; ++round) {
                sum += index + 1;
                barrier.wait();
                if (sum.load() < round * lease.count() * (lease.count() + 1) / 2) early = true;
                barrier.wait();
            }
        });
        close(sum, 3 * lease.count() * (lease.count() + 1) / 2, 0, "sum over threads", "");
        close(early, 0, 0, "a thread that passed a barrier too early", "");
    }
    const Lease first(2);
    std::thread([] {
        const Lease second(2);
        close(second.count(), 1, 0, "threads beside a busy team", "");
        int ran = 0;
        second.run([&](int index) { ran += index + 1; });
        close(ran, 1, 0, "runs alone", "");
    }).join();
    if (!failures) std::puts("passed");
    return failures != 0;
}
