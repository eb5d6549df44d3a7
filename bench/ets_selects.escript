#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%%
%% The rows of ETS for selects.cpp: the same records, the same questions.
%%
%%   ets_selects.escript [RECORDS] [ROUNDS]
-mode(compile).

main(Arguments) ->
    {Records, Rounds} = case Arguments of
        [R, N] -> {list_to_integer(R), list_to_integer(N)};
        [R] -> {list_to_integer(R), 3};
        [] -> {1000000, 3}
    end,
    [row(Type, Records, Rounds) || Type <- [set, ordered_set]].

row(Type, Records, Rounds) ->
    Table = ets:new(selects, [Type, public]),
    Text = <<"thirty-two bytes of binary here.">>,
    rand:seed(exsss, {1, 2, 3}),
    [ets:insert(Table, {K, K, Text}) || {_, K} <- lists:sort([{rand:uniform(), K} || K <- lists:seq(0, Records - 1)])],
    Spec = fun(Below, Body) -> [{{'$1', '$2', '_'}, [{'<', '$2', Below}], [Body]}] end,
    Few = Records div 100,
    Half = Records div 2,
    Figures = [time(Records, Rounds, Question) || Question <- [
        fun() -> length(ets:select(Table, Spec(Few, '$1'))) end,
        fun() -> length(ets:select(Table, Spec(Half, '$1'))) end,
        fun() -> length(ets:select(Table, Spec(Half, '$_'))) end,
        fun() -> ets:select_count(Table, Spec(Half, true)) end]],
    io:format("~-34s ~10.1f ~10.1f ~10.1f ~10.1f~n",
              ["ETS " ++ atom_to_list(Type) ++ ", OTP " ++ erlang:system_info(otp_release) | Figures]),
    ets:delete(Table).

%% Each time in a process of its own, whose heap is empty.
time(Records, Rounds, Question) ->
    Times = [begin
        Parent = self(),
        spawn_opt(fun() ->
            Begin = erlang:monotonic_time(nanosecond),
            Question(),
            Parent ! {taken, erlang:monotonic_time(nanosecond) - Begin}
        end, [link]),
        receive {taken, Taken} -> Taken / Records end
    end || _ <- lists:seq(1, Rounds)],
    lists:nth(Rounds div 2 + 1, lists:sort(Times)).
