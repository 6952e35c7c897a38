// UniqueFunction: std::function for callables that can only be moved (std::move_only_function is C++23).
// FunctionRef: a borrowed callable for the length of one call, without allocation.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace cloister {

template <class Signature>
class UniqueFunction;

// Threads  As safe as the callable it holds. Calling an empty one is a bug (CLOISTER_ASSERT).
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
    UniqueFunction() = default;
    UniqueFunction(std::nullptr_t) {}
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> && std::is_invocable_r_v<R, F&, Args...>)
    UniqueFunction(F&& f) : held_(std::make_unique<Held<std::decay_t<F>>>(std::forward<F>(f))) {}

    explicit operator bool() const { return held_ != nullptr; }
    R operator()(Args... args) {
        CLOISTER_ASSERT(held_ != nullptr);
        return held_->call(std::forward<Args>(args)...);
    }

 private:
    struct Base {
        virtual ~Base() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Held final : Base {
        explicit Held(F f) : function(std::move(f)) {}
        R call(Args... args) override { return function(std::forward<Args>(args)...); }
        F function;
    };
    std::unique_ptr<Base> held_;
};

template <class Signature>
class FunctionRef;

// Borrows the callable: it must outlive every call, which a temporary lambda argument does.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_invocable_r_v<R, F&, Args...>)
    FunctionRef(F&& f)
        : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
          call_([](void* object, Args... args) -> R {
              return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
          }) {}

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
    void* object_;
    R (*call_)(void*, Args...);
};

}  // namespace cloister
