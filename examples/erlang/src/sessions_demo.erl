%% SPDX-License-Identifier: Apache-2.0
%%
%% What `run` shows, in two lives of a VM.
-module(sessions_demo).

-export([first_life/0, second_life/0]).

-spec first_life() -> no_return().
first_life() ->
    start(),
    [login(User) || User <- [alice, bob]],
    login(mallory),    % the server dies in the middle of that, and is replaced
    login(carol),
    io:format("the table has ~0tp~n", [session_server:sessions()]),
    io:format("the VM is killed~n"),
    os:cmd("kill -KILL " ++ os:getpid()),
    receive after infinity -> ok end.

%% Ends with status 1 if a session is missing.
-spec second_life() -> no_return().
second_life() ->
    start(),
    Sessions = session_server:sessions(),
    io:format("the table has ~0tp~n", [Sessions]),
    login(dave),
    halt(case [User || {User, _} <- Sessions] of
        [alice, bob, carol, mallory] -> 0;
        _ -> 1
    end).

start() ->
    {ok, _} = application:ensure_all_started(sessions),
    io:format("a VM, process ~s of the system, has started~n", [os:getpid()]).

%% Until a server answers that has the table: there may be none just now.
login(User) ->
    try session_server:login(User) of
        ok -> io:format("~w is logged in~n", [User]);
        no_table_yet -> again(User)
    catch
        exit:{noproc, _} -> again(User);
        exit:{{Reason, _}, _} -> io:format("~w: the server died of ~w~n", [User, Reason])
    end.

again(User) ->
    timer:sleep(1),
    login(User).
