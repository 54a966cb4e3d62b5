#include "io/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "io/failure.h"

namespace doorward::io {

static_assert(kReadable == EPOLLIN && kWritable == EPOLLOUT && kError == EPOLLERR && kHangup == EPOLLHUP &&
              kPeerClosed == EPOLLRDHUP);

namespace {

struct FunctionTask {
  explicit FunctionTask(std::move_only_function<void()> f) : work(std::move(f)) {}
  static void invoke(void* self) {
    const std::unique_ptr<FunctionTask> owned(static_cast<FunctionTask*>(self));
    owned->work();
  }
  Task task{&FunctionTask::invoke, this};
  std::move_only_function<void()> work;
};

}  // namespace

Timer::~Timer() {
  if (position_ != kNowhere) loop_->dequeue(*this);
}

void Timer::arm(Loop& loop, std::int64_t delay_us) {
  // At least one microsecond: a timer that re-arms itself with 0 must not fire twice in one iteration.
  deadline_ = loop.now_us_ + std::max<std::int64_t>(delay_us, 1);
  loop_ = &loop;
  if (position_ == kNowhere) {
    loop.enqueue(*this, deadline_);
  } else if (deadline_ < loop.timers_[position_].time) {
    loop.sift_up(position_, {deadline_, this});
  }
}

Loop::Loop(const Clock& clock) : clock_(clock), events_(kBatch) {
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  event_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  // Edge-triggered, so each write wakes us once and the counter needs no reading.
  if (!epoll_ || !event_ || ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, event_.get(), &event) != 0) std::abort();
  refresh_time();
}

Loop::~Loop() {
  for (const Entry& entry : timers_) entry.timer->position_ = Timer::kNowhere;
  for (Task* task = posted_.exchange(nullptr); task != nullptr;) {
    Task* next = task->next_;
    if (task->run_ == &FunctionTask::invoke) delete static_cast<FunctionTask*>(task->owner_);
    task = next;
  }
}

Status Loop::add(int fd, Handler& handler) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &handler;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return system_failure("watch a descriptor", errno,
                          "raise fs.epoll.max_user_watches or close connections");
  }
  return {};
}

void Loop::remove(int fd, Handler& handler) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (int i = batch_next_; i < batch_count_; ++i) {
    auto& event = events_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &handler) event.data.ptr = nullptr;
  }
}

void Loop::post(Task& task) {
  Task* head = posted_.load(std::memory_order_relaxed);
  do {
    task.next_ = head;
  } while (!posted_.compare_exchange_weak(head, &task, std::memory_order_seq_cst, std::memory_order_relaxed));
  wake();
}

void Loop::post(std::move_only_function<void()> work) {
  auto* task = new FunctionTask(std::move(work));
  post(task->task);
}

void Loop::defer(Task& task) {
  task.next_ = nullptr;
  *deferred_tail_ = &task;
  deferred_tail_ = &task.next_;
}

void Loop::withdraw(Task& task) {
  for (Task** at : {&deferred_, &running_}) {
    for (; *at != nullptr; at = &(*at)->next_) {
      if (*at != &task) continue;
      if (deferred_tail_ == &task.next_) deferred_tail_ = at;
      *at = task.next_;
      return;
    }
  }
}

void Loop::wake() {
  // The sleeper stores asleep_ and then looks at posted_; we store posted_ and then look at asleep_. All four
  // are sequentially consistent, so one of the two sees the other.
  if (!asleep_.load(std::memory_order_seq_cst) || !asleep_.exchange(false, std::memory_order_seq_cst)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_.get(), &one, sizeof one);
}

void Loop::stop() {
  stopping_.store(true, std::memory_order_seq_cst);
  wake();
}

void Loop::run() {
  while (!stopping_.load(std::memory_order_seq_cst)) iterate(INT64_MAX);
  stopping_.store(false, std::memory_order_seq_cst);
}

void Loop::poll(std::int64_t max_wait_us) {
  iterate(max_wait_us);
}

void Loop::refresh_time() {
  now_us_ = clock_.monotonic_us();
  wall_us_ = 0;
}

int Loop::timeout_ms(std::int64_t max_wait_us) const {
  std::int64_t wait = max_wait_us;
  if (deferred_ != nullptr) return 0;
  if (!timers_.empty()) wait = std::min(wait, timers_.front().time - now_us_);
  if (wait == INT64_MAX) return -1;
  if (wait <= 0) return 0;
  return static_cast<int>(std::min<std::int64_t>((wait + 999) / 1000, 3'600'000));
}

void Loop::iterate(std::int64_t max_wait_us) {
  int timeout = timeout_ms(max_wait_us);
  if (timeout != 0) {
    asleep_.store(true, std::memory_order_seq_cst);
    if (posted_.load(std::memory_order_seq_cst) != nullptr || stopping_.load(std::memory_order_seq_cst)) {
      timeout = 0;
    }
  }
  const int count = ::epoll_wait(epoll_.get(), events_.data(), kBatch, timeout);
  asleep_.store(false, std::memory_order_relaxed);
  if (count < 0 && errno != EINTR) std::abort();
  refresh_time();
  dispatch(std::max(count, 0));
  fire_timers();
  run_posted();
  run_deferred();
}

void Loop::dispatch(int count) {
  batch_count_ = count;
  for (batch_next_ = 0; batch_next_ < batch_count_;) {
    const epoll_event& event = events_[static_cast<std::size_t>(batch_next_++)];
    if (event.data.ptr != nullptr) static_cast<Handler*>(event.data.ptr)->on_ready(event.events);
  }
  batch_count_ = 0;
}

void Loop::fire_timers() {
  while (!timers_.empty() && timers_.front().time <= now_us_) {
    Timer& timer = *timers_.front().timer;
    if (timer.deadline_ > now_us_ && timer.deadline_ != Timer::kNever) {
      sift_down(0, {timer.deadline_, &timer});
      continue;
    }
    dequeue(timer);
    if (std::exchange(timer.deadline_, Timer::kNever) == Timer::kNever) continue;
    timer.fire_(timer.owner_);
  }
}

void Loop::run_posted() {
  if (posted_.load(std::memory_order_relaxed) == nullptr) return;
  Task* newest = posted_.exchange(nullptr, std::memory_order_seq_cst);
  Task* oldest = nullptr;
  while (newest != nullptr) {
    Task* next = newest->next_;
    newest->next_ = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Task* next = oldest->next_;
    oldest->run_(oldest->owner_);
    oldest = next;
  }
}

void Loop::run_deferred() {
  running_ = std::exchange(deferred_, nullptr);
  deferred_tail_ = &deferred_;
  while (running_ != nullptr) {
    Task* task = running_;
    running_ = task->next_;
    task->run_(task->owner_);
  }
}

void Loop::enqueue(Timer& timer, std::int64_t time) {
  timers_.push_back({time, &timer});
  sift_up(static_cast<std::uint32_t>(timers_.size() - 1), {time, &timer});
}

void Loop::dequeue(Timer& timer) {
  const std::uint32_t hole = std::exchange(timer.position_, Timer::kNowhere);
  const Entry last = timers_.back();
  timers_.pop_back();
  if (last.timer == &timer) return;
  if (hole > 0 && last.time < timers_[(hole - 1) / 4].time) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

void Loop::sift_up(std::uint32_t position, Entry entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 4;
    if (timers_[parent].time <= entry.time) break;
    timers_[position] = timers_[parent];
    timers_[position].timer->position_ = position;
    position = parent;
  }
  timers_[position] = entry;
  entry.timer->position_ = position;
}

void Loop::sift_down(std::uint32_t position, Entry entry) {
  const auto size = static_cast<std::uint32_t>(timers_.size());
  for (;;) {
    const std::uint32_t first = position * 4 + 1;
    if (first >= size) break;
    std::uint32_t least = first;
    for (std::uint32_t i = first + 1; i < std::min(first + 4, size); ++i) {
      if (timers_[i].time < timers_[least].time) least = i;
    }
    if (timers_[least].time >= entry.time) break;
    timers_[position] = timers_[least];
    timers_[position].timer->position_ = position;
    position = least;
  }
  timers_[position] = entry;
  entry.timer->position_ = position;
}

}  // namespace doorward::io
