// Threads of Python that run the engine: they let others have the interpreter, hear of signals, and stay away from an
// interpreter that ends.
//
// Python ends its daemon threads where they ask for the interpreter again, by unwinding their stack, which C++ answers
// with std::terminate. So who comes back after Python's exit functions have run sleeps until the process is gone.
#pragma once

#include <Python.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace interpreter {

inline std::atomic<bool> ending{false};
inline std::atomic<int> outside{0};  // threads that have let the interpreter go and will want it back
inline std::atomic<unsigned long> main_thread{0}, ending_thread{0};

inline bool is_over() { return ending.load() && PyThread_get_thread_ident() != ending_thread.load(); }

// As long as it lives, its thread does without the interpreter.
class Released {
public:
    Released() {
        outside.fetch_add(1);
        state_ = PyEval_SaveThread();
    }
    ~Released() {
        if (is_over()) {
            outside.fetch_sub(1);
            for (;;) pause();
        }
        PyEval_RestoreThread(state_);
        outside.fetch_sub(1);
    }
    Released(const Released&) = delete;

private:
    PyThreadState* state_;
};

// Asked by a thread that has released the interpreter: whether it is to stop. Handlers of signals run in Python's main
// thread only; what they raise is there when the interpreter is held again.
inline bool wants_back() {
    if (is_over()) return true;
    if (PyThread_get_thread_ident() != main_thread.load()) return false;
    const PyGILState_STATE held = PyGILState_Ensure();
    const bool raised = PyErr_CheckSignals() != 0;
    PyGILState_Release(held);
    return raised;
}

// An exit function of Python: from now on nobody comes back. Waits for those who are at work.
inline void end() {
    ending_thread = PyThread_get_thread_ident();
    ending = true;
    PyThreadState* state = PyEval_SaveThread();
    for (int tries = 0; outside.load() > 0 && tries < 2000; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    PyEval_RestoreThread(state);
}

// A forked process has the thread that forked, and no other.
inline void begin_in_child() {
    outside = 0;
    main_thread = PyThread_get_thread_ident();
}

inline void begin(unsigned long ident_of_main) {
    main_thread = ident_of_main;
    pthread_atfork(nullptr, nullptr, begin_in_child);
}

}  // namespace interpreter
