#include "together.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace {

constexpr double slice_work = 1 << 28;  // multiplications of a thread before all meet: some 10 ms

}  // namespace

template <class T>
void Together<T>::run(const Data<T>& data, const Steps& steps, const std::vector<const double*>& scalars, T factor,
                      int threads, double* watched, Stop& stop) {
    const long count = steps.count();
    data_ = &data;
    steps_.assign(machines_.size(), steps);
    watched_.assign(machines_.size(), std::vector<double>(std::size_t(count)));
    for (std::size_t m = 0; m < machines_.size(); ++m) {
        steps_[m].scalars = scalars[m];
        machines_[m]->begin(steps_[m]);
        machines_[m]->memory().reserve_backup();
    }
    const Lease lease(std::min(threads, int(machines_.size())));
    const long slice = in_slice(lease.count());
    long known = 0;
    while (known < count && !stop.wanted()) {
        const long to = std::min(count, known + slice);
        take(lease, known, to, &stop);
        if (!finite(known, to, factor, watched)) {
            // some have gone on after the step that all end before
            const long last = std::find_if(watched, watched + to, [](double e) { return !std::isfinite(e); }) - watched;
            for (auto* machine : machines_) machine->memory().roll_back();
            take(lease, 0, last, nullptr);
            known = last + 1;
            break;
        }
        known = to;
    }
    for (auto* machine : machines_) machine->end(known);
}

template <class T> long Together<T>::in_slice(int threads) const {
    double work = 1;
    for (std::size_t m = 0; m < machines_.size(); ++m) work += machines_[m]->work(steps_[m].panels());
    return std::max(1L, long(slice_work * threads / work));
}

// All machines, each on the thread that is free first.
template <class T> void Together<T>::take(const Lease& lease, long from, long to, Stop* stop) {
    std::atomic<std::size_t> next{0};
    lease.run([&](int index) {
        for (std::size_t m; (m = next.fetch_add(1, std::memory_order_relaxed)) < machines_.size();) {
            if (from == 0 && stop) machines_[m]->memory().back_up(0, 1);
            machines_[m]->advance(*data_, steps_[m], from, to, watched_[m].data());
            if (index == 0 && stop) stop->look();
        }
    });
}

// Puts the errors of steps together; whether all are finite.
template <class T> bool Together<T>::finite(long from, long to, T factor, double* watched) const {
    bool all = true;
    for (long s = from; s < to; ++s) {
        T sum = T(watched_[0][std::size_t(s)]);
        for (std::size_t m = 1; m < watched_.size(); ++m) sum += T(watched_[m][std::size_t(s)]);
        watched[s] = double(sum * factor);
        all = all && std::isfinite(watched[s]);
    }
    return all;
}

template class Together<float>;
template class Together<double>;
