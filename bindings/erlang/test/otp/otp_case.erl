%% SPDX-License-Identifier: Apache-2.0
%%
%% One case of ets_SUITE, by common_test, whose hook this is too: the result goes into a file of one line.
-module(otp_case).

-export([names/0, run/3]).
-export([init/2, on_tc_fail/4, on_tc_skip/4]).

-define(LINE_MAX, 300).

%% All cases, in the suite's order.
names() ->
    Groups = ets_SUITE:groups(),
    [io:format("~s~n", [Case]) || Element <- ets_SUITE:all(), {_, Case} <- flat(none, Element, Groups)],
    halt(0).

flat(_, {group, Group}, Groups) ->
    {_, _, Elements} = lists:keyfind(Group, 1, Groups),
    lists:flatmap(fun(Element) -> flat(Group, Element, Groups) end, Elements);
flat(Group, Case, _) -> [{Group, Case}].

run(Case, Work, Seconds) ->
    {ok, _} = application:ensure_all_started(heirloom),
    %% Its first use makes tables of ets, which stay; the suite measures the memory of all tables.
    {ok, first} = disk_log:open([{name, first}, {file, filename:join(Work, "log")}]),
    ok = disk_log:close(first),
    Groups = ets_SUITE:groups(),
    Known = [Found || Element <- ets_SUITE:all(), {_, Name} = Found <- flat(none, Element, Groups), Name =:= Case],
    Group = case Known of
                [{none, _} | _] -> [];
                [{In, _} | _] -> [{group, In}];
                [] -> []
            end,
    Began = erlang:monotonic_time(millisecond),
    Done = ct:run_test([{dir, filename:join(Work, "suite")}, {suite, ets_SUITE}, {testcase, Case}, {auto_compile, false},
                        {logdir, filename:join(Work, "logs")}, {event_handler, []},
                        {create_priv_dir, auto_per_run}, {ct_hooks, [{?MODULE, Work}]},
                        {multiply_timetraps, timetraps(Seconds)} | Group]),
    Result = filename:join(Work, "result"),
    filelib:is_file(Result) orelse
        case Done of
            {1, 0, {0, 0}} ->
                Took = erlang:monotonic_time(millisecond) - Began,
                write(Result, io_lib:format("passed ~s (~.1f s)", [Case, Took / 1000]));
            _ -> write(Result, io_lib:format("FAILED ~s: it was not run: ~0tp", [Case, Done]))
        end,
    halt(0).

%% The suite is patched to have 1 s for a case; some seconds are for the end.
timetraps(Seconds) -> max(1, Seconds - 15).

init(_Id, Work) -> {ok, Work}.

on_tc_fail(_Suite, Case, Reason, Work) -> note("FAILED", Case, Reason, Work).
on_tc_skip(_Suite, Case, Reason, Work) -> note("skipped", Case, Reason, Work).

note(What, Case, Reason, Work) ->
    Result = filename:join(Work, "result"),
    file:write_file(filename:join([Work, "logs", "reason"]), io_lib:format("~tp~n", [Reason])),
    filelib:is_file(Result) orelse write(Result, io_lib:format("~s ~0tp: ~0tP", [What, name(Case), Reason, 24])),
    Work.

name({Case, _Group}) -> Case;
name(Case) -> Case.

write(File, Text) ->
    Line = lists:flatten(string:replace(Text, "\n", " ", all)),
    ok = file:write_file(File, [unicode:characters_to_binary(string:slice(Line, 0, ?LINE_MAX)), "\n"]).
