// Steps that several machines take together: networks on the same rows, of which none feels the others.
#pragma once

#include "machine.hpp"

// As Machine::run. Each machine takes some steps on one thread before the next does, so that its matrices stay in the
// cache, and threads wait for each other only after those. The machines are at the same step when it returns.
//
// The error of a step is the sum of the watched scalars of all machines, times a factor; where that is not finite no
// machine has updated.
template <class T> class Together {
public:
    explicit Together(std::vector<Machine<T>*> machines) : machines_(std::move(machines)) {}

    // `scalars` of each machine, [step][scalar input]; those of the steps are not read.
    void run(const Data<T>& data, const Steps& steps, const std::vector<const double*>& scalars, T factor, int threads,
             double* watched, Stop& stop);

private:
    long in_slice(int threads) const;
    void take(const Lease& lease, long from, long to, Stop* stop);
    bool finite(long from, long to, T factor, double* watched) const;

    const std::vector<Machine<T>*> machines_;
    const Data<T>* data_ = nullptr;
    std::vector<Steps> steps_;                  // of each machine
    std::vector<std::vector<double>> watched_;  // of each machine
};
