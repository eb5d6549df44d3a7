// SPDX-License-Identifier: Apache-2.0
//
// The client's side of GenServer: call() and cast().
#include <functional>
#include <sstream>
#include <utility>

#include "heirloom/gen_server.hpp"

#include "process/acting.hpp"
#include "process/atoms.hpp"
#include "process/receiving.hpp"
#include "process/reference.hpp"

namespace heirloom {

using process::Acting;
using process::atoms;

namespace {

// One call under way: the server is monitored, and the answer is awaited, exactly as long as this lives.
class PendingCall {
 public:
  PendingCall(const Acting& me, Pid server)
      : me_(me),
        reference_(process::make_call_reference(me.process->pid())),
        number_(process::read_reference(reference_)->number) {
    me_.process->mailbox().await_answer(number_);
    me_.host->monitor(*me_.process, server, reference_);
  }
  ~PendingCall() {
    me_.host->demonitor(*me_.process, reference_);
    me_.process->mailbox().forget_answer(number_);
    // From here on neither 'DOWN' nor an answer arrives; one of them may be there already.
    me_.process->mailbox().remove([this](const process::Message& message) {
      const Term* term = std::get_if<Term>(&message);
      return term != nullptr && is_answer(*term);
    });
  }
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;

  [[nodiscard]] const Term& reference() const noexcept { return reference_; }
  [[nodiscard]] bool is_answer(const Term& message) const {
    return (message.is_tuple() && message.size() == 2 && message.element(1) == reference_) ||
           process::is_down(message, reference_);
  }

 private:
  const Acting& me_;
  const Term reference_;
  const std::uint64_t number_;
};

template <typename Server>
std::string call_of(const Server& server) {
  std::ostringstream text;
  text << "call " << server;
  return text.str();
}

std::optional<Pid> find_server(const Acting& me, Atom name) {
  Result<std::optional<Pid>> found = me.host->whereis(name);
  if (!found) std::move(found).failure().within(call_of(name)).raise();
  return *found;
}

}  // namespace

namespace {

// Sends `make(From)` and waits for its answer.
Term ask(Pid server, std::chrono::milliseconds timeout, const std::function<Term(const Term&)>& make) {
  const Acting me = process::acting();
  process::end_if_interrupted(*me.process);
  const Pid caller = me.process->pid();
  if (server == caller && !me.process->is_root()) {
    throw Error(ErrorCode::badarg, call_of(server), "a process that calls itself would wait for itself");
  }

  const PendingCall pending(me, server);
  me.host->send(caller, server, make(Term{caller, pending.reference()}));
  std::optional<Term> answer = process::take_term(
      *me.process, [&](const Term& message) { return pending.is_answer(message); }, process::deadline_after(timeout));
  if (!answer) {
    throw Error(ErrorCode::timed_out, call_of(server), "no answer within " + std::to_string(timeout.count()) + " ms");
  }
  return *std::move(answer);
}

// {Reference, Answer}; otherwise it is the 'DOWN'.
bool is_reply(const Term& answer) { return answer.size() == 2; }

[[noreturn]] void refuse_dead(Pid server, const Term& reason) {
  throw Error(ErrorCode::noproc, call_of(server),
              reason == Term(atoms().noproc) ? "there is no such process"
                                             : "it ended before it answered: " + to_string(reason));
}

Pid required_server(Atom name) {
  const std::optional<Pid> server = find_server(process::acting(), name);
  if (!server) throw Error(ErrorCode::noproc, call_of(name), "no process has this name");
  return *server;
}

}  // namespace

Term call(Pid server, const Term& request, std::chrono::milliseconds timeout) {
  const Term answer = ask(server, timeout, [&](const Term& from) { return Term{atoms().gen_call, from, request}; });
  if (!is_reply(answer)) refuse_dead(server, Term(answer.element(5)));
  return Term(answer.element(2));
}

Term call(Atom name, const Term& request, std::chrono::milliseconds timeout) {
  return call(required_server(name), request, timeout);
}

void stop_server(Pid server, const Term& reason, std::chrono::milliseconds timeout) {
  const Term down = ask(server, timeout, [&](const Term& from) { return Term{atoms().stop_server, from, reason}; });
  const Term ended(down.element(5));
  if (ended == reason) return;
  if (ended == Term(atoms().noproc)) refuse_dead(server, ended);
  throw Error(ErrorCode::noproc, call_of(server), "it ended with another reason: " + to_string(ended));
}

void stop_server(Atom name, const Term& reason, std::chrono::milliseconds timeout) {
  stop_server(required_server(name), reason, timeout);
}

void change_code(Pid server, const Term& old_version, const Term& extra, std::chrono::milliseconds timeout) {
  const Term answer = ask(server, timeout, [&](const Term& from) {
    return Term{atoms().change_code, from, old_version, extra};
  });
  if (!is_reply(answer)) refuse_dead(server, Term(answer.element(5)));
  if (answer.element(2) == Term(atoms().ok)) return;
  throw Error(ErrorCode::badarg, "change the code of a server", to_string(answer.element(2)));
}

void cast(Pid server, const Term& request) { send(server, Term{atoms().gen_cast, request}); }

void cast(Atom name, const Term& request) {
  if (const std::optional<Pid> server = find_server(process::acting(), name)) cast(*server, request);
}

}  // namespace heirloom
