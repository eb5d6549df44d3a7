#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%%! -noinput +pc unicode +S 2:2
%%
%% Real Erlang as a child process: requests on descriptor 3, answers on descriptor 4, each a packet with 4 bytes of length in the
%% external term format. Terms travel as binaries inside, so that each is judged by itself.
-mode(compile).

main([]) ->
    Port = open_port({fd, 3, 4}, [{packet, 4}, binary, eof]),
    loop(Port).

loop(Port) ->
    receive
        {Port, {data, Request}} ->
            Answer = answer(binary_to_term(Request)),
            true = port_command(Port, term_to_binary(Answer, [{minor_version, 2}])),
            loop(Port);
        {Port, eof} ->
            halt(0)
    end.

answer(release) -> list_to_integer(erlang:system_info(otp_release));
answer(exports) -> ets:module_info(exports);
answer({encode, Bins}) -> [guarded(fun() -> encode(binary_to_term(Bin)) end) || Bin <- Bins];
answer({order, Bins}) -> order([binary_to_term(Bin) || Bin <- Bins]);
answer({print, Bins}) -> [guarded(fun() -> print(binary_to_term(Bin)) end) || Bin <- Bins];
answer({parse, Texts}) -> [guarded(fun() -> encode(parse(Text)) end) || Text <- Texts];
answer({test_ms, Bins}) -> [guarded(fun() -> encode(test_ms(binary_to_term(Bin))) end) || Bin <- Bins];
answer({fun2ms, Texts}) -> [guarded(fun() -> encode(fun2ms(Text)) end) || Text <- Texts];
answer({read, Bins}) -> [read(Bin) || Bin <- Bins];
answer({new, Options}) ->
    case get(table) of
        undefined -> ok;
        Old -> ets:delete(Old)
    end,
    put(table, ets:new(table, Options)),
    ok;
answer({options, Options}) ->
    try ets:new(table, Options) of
        Table ->
            Info = [Item || {Name, _} = Item <- ets:info(Table), lists:member(Name, told_of_options())],
            ets:delete(Table),
            Info
    catch
        error:badarg -> badarg
    end;
answer(info) ->
    encode([{Item, ets:info(get(table), Item)} || Item <- [name, size, fixed, safe_fixed | told_of_options()]]);
answer({call, Bin}) ->
    {Function, Arguments} = binary_to_term(Bin),
    Table = get(table),
    Result = call(Function, [Table | Arguments]),
    encode({Result, ets:info(Table, size), ets:tab2list(Table)});
answer({tab2file, Name, Options, Objects, File, HowToSave}) ->
    Table = ets:new(Name, Options),
    [ets:insert(Table, Object) || Object <- Objects],
    Result = ets:tab2file(Table, File, HowToSave),
    Told = told_of_table(Table),
    ets:delete(Table),
    {Result, Told};
answer({file2tab, File, HowToLoad}) ->
    in_time(fun() ->
        case ets:file2tab(File, HowToLoad) of
            {ok, Table} -> {ok, told_of_table(Table)};
            {error, Reason} -> {error, Reason}
        end
    end);
answer({tabfile_info, File}) -> in_time(fun() -> ets:tabfile_info(File) end);
answer({generate, Seed, Count}) ->
    rand:seed(exsss, Seed),
    [own(term(4)) || _ <- lists:seq(1, Count)].

test_ms({Object, Spec}) ->
    case ets:test_ms(Object, Spec) of
        {error, Errors} -> {error, [unicode:characters_to_binary(Text) || {error, Text} <- Errors]};
        {ok, Result} -> {ok, Result}
    end.

%% What ets:fun2ms/1 is in a shell.
fun2ms(Text) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text) ++ "."),
    {ok, [{'fun', _, {clauses, Clauses}}]} = erl_parse:parse_exprs(Tokens),
    case ms_transform:transform_from_shell(ets, Clauses, []) of
        {error, _, _} -> error;
        Spec -> Spec
    end.

told_of_options() ->
    [decentralized_counters, read_concurrency, write_concurrency, compressed, heir, type, keypos, protection].

%% All chunks of a select, and after each of them a change of the table, as long as there are any.
call(chunks, [Table, Function, Spec, Limit, Changes]) ->
    try {ok, chunks(apply(ets, Function, [Table, Spec, Limit]), Table, Changes)}
    catch error:Reason:Stack -> {error, cause(Reason, Stack)}
    end;
call(Function, Arguments) ->
    try {ok, apply(ets, Function, Arguments)}
    catch error:Reason:Stack -> {error, cause(Reason, Stack)}
    end.

chunks('$end_of_table', _, _) -> ['$end_of_table'];
chunks({Matches, '$end_of_table'}, _, _) -> [Matches];
chunks({Matches, Continuation}, Table, Changes) ->
    Left = case Changes of
        [{Function, Arguments} | More] -> apply(ets, Function, [Table | Arguments]), More;
        [] -> []
    end,
    [Matches | chunks(ets:select(Continuation), Table, Left)].

told_of_table(Table) ->
    Items = [name, size, type, keypos, protection, compressed, read_concurrency, write_concurrency],
    {[{Item, ets:info(Table, Item)} || Item <- Items], ets:tab2list(Table)}.

%% disk_log does not come to an end with some damaged files: so by a process of its own.
in_time(Fun) ->
    Guarded = fun() -> try Fun() catch error:_ -> raised end end,
    {Pid, Monitor} = spawn_monitor(fun() -> exit({answer, Guarded()}) end),
    receive
        {'DOWN', Monitor, process, Pid, {answer, Answer}} -> Answer
    after 60000 -> hangs
    end.

cause(badarg, [{ets, _, _, Info} | _]) ->
    case lists:keyfind(error_info, 1, Info) of
        {error_info, #{cause := Cause}} -> Cause;
        _ -> badarg
    end;
cause(Reason, _) -> Reason.

guarded(Fun) ->
    try Fun()
    catch Class:Reason -> {Class, unicode:characters_to_binary(io_lib:format("~tp", [Reason]))}
    end.

encode(Term) -> term_to_binary(Term, [{minor_version, 2}]).

%% Bytes that may be no term. Erlang takes a term with bytes behind it, too.
read(Bin) ->
    try binary_to_term(Bin, [used]) of
        {Term, Used} when Used =:= byte_size(Bin) -> encode(Term);
        {_, _} -> refused
    catch
        error:_ -> refused
    end.

%% One line, and broken into lines.
print(Term) -> {text("~0tp", Term), text("~tp", Term)}.

text(Format, Term) -> unicode:characters_to_binary(io_lib:format(Format, [Term])).

parse(Text) ->
    {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text) ++ "."),
    {ok, Term} = erl_parse:parse_term(Tokens),
    Term.

%% How each term compares with the next one, and the order of all of them, by their positions.
order(Terms) ->
    Numbered = lists:zip(Terms, lists:seq(0, length(Terms) - 1)),
    {pairs(Terms), [Position || {_, Position} <- lists:keysort(1, Numbered)]}.

pairs([A | [B | _] = Rest]) -> [pair(A, B) | pairs(Rest)];
pairs([_]) -> [].

pair(A, B) -> {A < B, A == B, A =:= B, A > B}.

%% ------------------------------------------------------------------------------------------ terms that Erlang makes itself

%% In every form that it writes.
own(Term) ->
    {encode(Term), term_to_binary(Term, [{minor_version, 1}]), term_to_binary(Term, [compressed]),
     guarded(fun() -> print(Term) end)}.

below(N) -> rand:uniform(N) - 1.
any_of(List) -> lists:nth(rand:uniform(length(List)), List).
several(Max, Fun) -> [Fun() || _ <- lists:seq(1, below(Max + 1))].

term(0) -> leaf();
term(Depth) ->
    Inner = fun() -> term(Depth - 1) end,
    case below(10) of
        0 -> list_to_tuple(several(6, Inner));
        1 -> several(6, Inner);
        2 -> several(4, Inner) ++ Inner();
        3 -> maps:from_list(several(5, fun() -> {Inner(), Inner()} end));
        4 -> fun_of(Inner());
        5 when Depth > 2 -> maps:from_list([{below(1000), leaf()} || _ <- lists:seq(1, 30 + below(40))]);
        _ -> leaf()
    end.

leaf() ->
    case below(14) of
        0 -> below(300) - 20;
        1 -> (1 bsl below(200)) - below(3);
        2 -> -(1 bsl below(200)) + below(3);
        3 -> float_of(below(1 bsl 64));
        4 -> any_of([0.0, -0.0, 1.0, 1.0e22, 0.1, 5.0e-324, 1.7976931348623157e308]);
        5 -> any_of(['', a, 'A b', 'end', 'naïve', '日本', 'with \n newline', a@b, list_to_atom(lists:duplicate(255, $ö))]);
        6 -> rand:bytes(below(20));
        7 -> <<(rand:bytes(below(20)))/binary, (below(128)):(1 + below(7))>>;
        8 -> any_of([[], {}, <<>>, #{}, "", <<"text">>, <<"naïve"/utf8>>, "naïve", "日本"]);
        9 -> [$a + below(26) || _ <- lists:seq(1, below(150))];
        10 -> any_of([self(), make_ref(), hd(erlang:ports()), alias()]);
        11 -> foreign(below(5));
        12 -> any_of([fun lists:map/2, fun erlang:'+'/2, fun 'no module':'no function'/255]);
        13 -> unicode:characters_to_binary([any_of([$a, $ä, $日, 16#1F600]) || _ <- lists:seq(1, below(20))])
    end.

float_of(Bits) ->
    case <<Bits:64>> of
        <<Float:64/float>> -> Float;
        _ -> 1.5
    end.

fun_of(Term) ->
    case below(3) of
        0 -> fun() -> Term end;
        1 -> fun(X) -> {X, Term, self()} end;
        2 -> fun(X, Y) -> [X, Y | Term] end
    end.

foreign(Kind) ->
    Node = any_of([<<119, 7, "one@one">>, <<119, 10, "nö@two"/utf8, 0, 0, 0>>, <<100, 0, 5, "a@b.c">>]),
    Creation = any_of([0, 1, 3, 1700000000, 16#FFFFFFFF]),
    Number = any_of([0, 1, 7, 16#FFFFFFF, 16#10000000, 16#FFFFFFFF]),
    binary_to_term(case Kind of
        0 -> <<131, 88, Node/binary, Number:32, Number:32, Creation:32>>;
        1 -> <<131, 89, Node/binary, Number:32, Creation:32>>;
        2 -> <<131, 120, Node/binary, Number:32, Number:32, Creation:32>>;
        3 -> <<131, 90, 3:16, Node/binary, Creation:32, 5:32, Number:32, Number:32>>;
        4 -> <<131, 90, 5:16, Node/binary, Creation:32, 5:32, Number:32, Number:32, 1:32, 9:32>>
    end).
