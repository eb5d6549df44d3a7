%% SPDX-License-Identifier: Apache-2.0
%%
%% Two VMs and a table: one writes it, the other one reads it meanwhile.
-module(shared).

-export([write/0, read/0]).    % of `erl -s`: each ends its VM

-include("session.hrl").

-define(USERS, [<<"alice">>, <<"bob">>, <<"carol">>]).
-define(ROUNDS, 20000).

write() -> ended(fun writer/0).
read() -> ended(fun reader/0).

ended(Program) ->
    try Program() of _ -> halt(0)
    catch Class:Reason:Stack ->
            io:format(standard_error, "~p~n", [{Class, Reason, Stack}]),
            halt(1)
    end.

writer() ->
    {ok, _} = application:ensure_all_started(heirloom),
    sessions = heirloom:open_or_create(sessions, [set, protected, {keypos, #session.user}]),
    [heirloom_ets:insert(sessions, #session{user = User, city = <<"Berlin">>}) || User <- ?USERS],
    say("the writer has the table", []),
    %% Until the readers are there: each makes a table to say so, which is gone with it.
    wait_for([shared_reader, shared_watcher]),
    [write(User) || _ <- lists:seq(1, ?ROUNDS), User <- ?USERS],
    heirloom_ets:insert(sessions, #session{user = <<"the end">>, city = <<>>}),
    say("the writer has written ~w times", [?ROUNDS * length(?USERS)]),
    wait_for_no([shared_reader, shared_watcher]),
    heirloom_ets:delete(sessions).

write(User) ->
    [#session{hits = Hits} = Session] = heirloom_ets:lookup(sessions, User),
    heirloom_ets:insert(sessions, Session#session{hits = Hits + 1, twice = 2 * (Hits + 1)}).

reader() ->
    {ok, _} = application:ensure_all_started(heirloom),
    wait(fun(User) -> heirloom_ets:whereis(sessions) =/= undefined andalso heirloom_ets:member(sessions, User) end, ?USERS),
    shared_reader = heirloom_ets:new(shared_reader, [named_table]),
    Reads = read_on(0, #{}),
    say("the other VM has read ~w times; no session was torn or went back", [Reads]).

read_on(Reads, Before) ->
    Now = maps:from_list([{User, hits(heirloom_ets:lookup(sessions, User))} || User <- ?USERS]),
    true = lists:all(fun(User) -> maps:get(User, Now) >= maps:get(User, Before, 0) end, ?USERS),
    case heirloom_ets:member(sessions, <<"the end">>) of
        true -> Reads + length(?USERS);
        false -> read_on(Reads + length(?USERS), Now)
    end.

hits([#session{hits = Hits, twice = Twice}]) when Twice =:= 2 * Hits -> Hits.

wait_for(Names) -> wait(fun(Name) -> heirloom_ets:whereis(Name) =/= undefined end, Names).
wait_for_no(Names) -> wait(fun(Name) -> heirloom_ets:whereis(Name) =:= undefined end, Names).

wait(Is, Names) ->
    case lists:all(Is, Names) of
        true -> ok;
        false ->
            timer:sleep(10),
            wait(Is, Names)
    end.

say(Format, Arguments) -> io:format(Format ++ "~n", Arguments).
