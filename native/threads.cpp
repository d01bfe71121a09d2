#include "threads.hpp"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <thread>

#include "stop.hpp"

namespace {

inline void breathe() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Some hundreds of microseconds: longer waits mean that the other thread has no processor, and who waits gives its own.
constexpr long spins_before_sleep = 20000;

// An eighth of what was waited is slept too long at most.
constexpr std::chrono::microseconds shortest_nap{50}, longest_nap{10000};

class Team {
public:
    std::atomic_flag busy;

    // as many as asked for, or as could be started; all of them wake at each run, so more than twice the processors
    // would only take turns
    int grow(int count) {
        const int processors = std::max(2, int(std::thread::hardware_concurrency()));
        count = std::min({count, int(most) - 1, 2 * processors});
        try {
            while (members_ < count) {
                std::thread(&Team::member, this, members_, call_.load()).detach();
                ++members_;
            }
        } catch (const std::system_error&) {
        }
        return std::min(count, members_);
    }

    void run(int count, const std::function<void(int)>& work) {
        work_ = &work;
        at_work_.store(count - 1, std::memory_order_relaxed);
        const unsigned round = call_.load(std::memory_order_relaxed) / most + 1;
        call_.store(round * most + unsigned(count), std::memory_order_release);
        call_.notify_all();
        work(0);
        for (int left; (left = at_work_.load(std::memory_order_acquire)) > 0;) {
            for (long spins = 0; spins < spins_before_sleep && at_work_.load(std::memory_order_acquire) == left; ++spins)
                breathe();
            at_work_.wait(left, std::memory_order_acquire);
        }
    }

private:
    void member(unsigned index, unsigned seen) {
        for (;;) {
            // awake for some microseconds: runs often follow each other at once
            for (long spins = 0; spins < spins_before_sleep && call_.load(std::memory_order_acquire) == seen; ++spins) breathe();
            call_.wait(seen, std::memory_order_acquire);
            seen = call_.load(std::memory_order_acquire);
            if (index >= seen % most) continue;
            (*work_)(int(index));
            at_work_.fetch_sub(1, std::memory_order_acq_rel);
            at_work_.notify_one();
        }
    }

    static constexpr unsigned most = 256;
    int members_ = 1;  // the caller is the first
    std::atomic<unsigned> call_{0};  // the number of the run, and below it how many take part
    std::atomic<int> at_work_{0};
    const std::function<void(int)>* work_ = nullptr;
};

// Teams are never destroyed: their threads sleep until the process ends.
std::atomic<Team*> made{nullptr};

Team& team() {
    Team* found = made.load(std::memory_order_acquire);
    if (found) return *found;
    auto fresh = std::make_unique<Team>();
    if (made.compare_exchange_strong(found, fresh.get(), std::memory_order_acq_rel)) found = fresh.release();
    return *found;
}

// A forked process has none of the threads of its parent and makes a team of its own.
[[maybe_unused]] const int forgotten = pthread_atfork(nullptr, nullptr, [] { made = nullptr; });

}  // namespace

// Whether this thread is the last, which lets the others go on.
bool Barrier::arrive() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) > 1) return false;
    left_.store(count_, std::memory_order_relaxed);
    round_.store(round_.load(std::memory_order_relaxed) + 1, std::memory_order_release);  // nobody else writes it
    round_.notify_all();
    return true;
}

void Barrier::leave() {
    count_.fetch_sub(1, std::memory_order_acq_rel);
    arrive();
}

void Barrier::wait(Stop* stop) {
    if (count_ == 1) return;
    const unsigned round = round_.load(std::memory_order_acquire);
    if (arrive()) return;
    long spins = 0;
    for (; round_.load(std::memory_order_acquire) == round && spins < spins_before_sleep; ++spins) breathe();
    for (auto nap = shortest_nap; stop && round_.load(std::memory_order_acquire) == round; nap = std::min(nap * 9 / 8, longest_nap)) {
        std::this_thread::sleep_for(nap);
        stop->look();
    }
    round_.wait(round, std::memory_order_acquire);
}

Lease::Lease(int wanted) {
    if (wanted > 1 && !team().busy.test_and_set(std::memory_order_acquire)) {
        count_ = team().grow(wanted);
        if (count_ == 1) team().busy.clear(std::memory_order_release);
    }
}

Lease::~Lease() {
    if (count_ > 1) team().busy.clear(std::memory_order_release);
}

void Lease::run(const std::function<void(int)>& work) const {
    if (count_ == 1)
        work(0);
    else
        team().run(count_, work);
}
