// How a run ends before its last step: at a deadline, or when its caller says so, such as after Ctrl-C.
//
// The first thread of a run looks at the clock after so much work, and while it waits for the others. What it
// decides is labelled with the level at whose end all threads leave together.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <utility>

class Stop {
public:
    using Clock = std::chrono::steady_clock;

    // Ends a run after so many seconds, which may be infinite, or when `asked`, called twenty times a second, is true.
    explicit Stop(double seconds = std::numeric_limits<double>::infinity(), std::function<bool()> asked = nullptr)
        : asked_(std::move(asked)), next_(Clock::now() + pause), deadline_(after(seconds)) {}

    // Of the first thread

    // A step begins that goes to the end of this level; of one that cannot be left before, its work is noted now.
    void step_begins(long end, double amount) {
        level_ = end;
        began_ = {};
        work(amount);
    }
    // What is decided from now on is done at the end of this level.
    void enter(long level) { level_ = level; }
    // Notes so many multiplications, or what takes as long.
    void work(double amount) {
        if ((worked_ += amount) >= work_between_looks) [[unlikely]]
            look();
    }
    void look() {
        worked_ = 0;
        const auto now = Clock::now();
        if (began_ == Clock::time_point{}) began_ = now;
        if (wanted()) return;
        if (now >= deadline_ || (asked_ && now >= next_ && asked_())) leave_.store(level_, std::memory_order_relaxed);
        if (now >= next_) next_ = now + pause;
    }
    // Whether the step has lasted so long that its end is not worth waiting for.
    bool step_is_long() const { return began_ != Clock::time_point{} && Clock::now() - began_ > long_step; }

    // Of all threads

    bool wanted() const { return leave_.load(std::memory_order_relaxed) != never; }
    bool leaves_after(long level) const { return leave_.load(std::memory_order_relaxed) <= level; }

private:
    static constexpr long never = std::numeric_limits<long>::max();
    static constexpr double work_between_looks = 1 << 24;  // milliseconds, where vector instructions are narrow
    static constexpr std::chrono::milliseconds pause{50}, long_step{100};

    static Clock::time_point after(double seconds) {
        if (!(seconds < 1e9)) return Clock::time_point::max();
        return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    }

    const std::function<bool()> asked_;
    double worked_ = 0;
    Clock::time_point began_{};  // of the step: when it was looked at first
    Clock::time_point next_;
    const Clock::time_point deadline_;
    long level_ = 0;
    alignas(64) std::atomic<long> leave_{never};
};
