// What a machine sends to the other ranks of a cluster, and waits for: a thread of its owner's has each exchange summed
// over all ranks, in the order of the tape, while the machine goes on. Nobody else's thread: it is summed as it is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

class Post {
public:
    explicit Post(std::size_t exchanges) : states_(exchanges, State::idle) {}

    // Of the machine

    void send(std::size_t number) {
        const std::lock_guard lock(mutex_);
        states_[number] = served_ ? State::sent : State::back;
        changed_.notify_all();
    }
    // Waits until an exchange is back, calling `meanwhile` twenty times a second; false where it failed.
    bool wait(std::size_t number, const std::function<void()>& meanwhile = nullptr) {
        std::unique_lock lock(mutex_);
        while (states_[number] == State::sent)
            if (changed_.wait_for(lock, pause) == std::cv_status::timeout && meanwhile) {
                lock.unlock();
                meanwhile();
                lock.lock();
            }
        return states_[number] != State::failed;
    }

    // Of the thread that serves it

    void serve(bool serves) {
        const std::lock_guard lock(mutex_);
        served_ = serves;
        next_ = 0;
        changed_.notify_all();
    }
    // Waits for the next exchange that is sent; -1 when nobody serves any more.
    long next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !served_ || states_[next_] == State::sent; });
        return served_ ? long(next_) : -1;
    }
    void answer(bool summed) {
        const std::lock_guard lock(mutex_);
        states_[next_] = summed ? State::back : State::failed;
        next_ = (next_ + 1) % states_.size();
        changed_.notify_all();
    }

private:
    enum class State { idle, sent, back, failed };
    static constexpr std::chrono::milliseconds pause{50};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<State> states_;
    std::size_t next_ = 0;
    bool served_ = false;
};
