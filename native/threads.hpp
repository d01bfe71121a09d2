// A team of threads that run the same function and meet at barriers.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

// All threads of a team wait here until the last has come. They spin for a moment, because the next barrier is
// often less than a microsecond away, and then give their processor to others.
class Barrier {
public:
    explicit Barrier(int count) : count_(count), left_(count) {}

    void wait() {
        if (count_ == 1) return;
        const unsigned round = round_.load(std::memory_order_acquire);
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            left_.store(count_, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins)
            if (spins > 4000) std::this_thread::yield();
    }

private:
    const int count_;
    alignas(64) std::atomic<int> left_;
    alignas(64) std::atomic<unsigned> round_{0};
};

// Runs work(0) on this thread and work(1) ... work(count - 1) on others, and returns when all have ended.
inline void on_threads(int count, const std::function<void(int)>& work) {
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(count - 1));
    for (int i = 1; i < count; ++i) others.emplace_back(work, i);
    work(0);
    for (auto& other : others) other.join();
}
