// A team of threads that run the same function and meet at barriers. There is one team in a process; its threads
// sleep between runs. Who finds it busy, such as the second of two Python threads, runs alone: bits do not depend
// on the number of threads.
#pragma once

#include <atomic>
#include <functional>

class Stop;

// All threads of a run wait here until the last has come. They spin for a moment, because the next barrier is
// often less than a microsecond away, and then sleep.
class Barrier {
public:
    explicit Barrier(int count) : count_(count), left_(count) {}

    // Who has a stop looks at it while it waits.
    void wait(Stop* stop = nullptr);
    // The others need not wait for this thread any more.
    void leave();

private:
    bool arrive();

    std::atomic<int> count_;
    alignas(64) std::atomic<int> left_;
    alignas(64) std::atomic<unsigned> round_{0};
};

// The right to run on the team's threads, for as long as it lives.
class Lease {
public:
    // at most so many threads; one where the team is busy
    explicit Lease(int wanted);
    ~Lease();
    Lease(const Lease&) = delete;

    int count() const { return count_; }
    // Runs work(0) on this thread and work(1) ... work(count - 1) on others, and returns when all have ended.
    void run(const std::function<void(int)>& work) const;

private:
    int count_ = 1;
};
