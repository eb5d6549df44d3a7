%% SPDX-License-Identifier: Apache-2.0
%%
%% Four strategies. What becomes of a form: the texts before and after, compared as abstract forms. That it then works:
%% modules are compiled from text and run, with a stand-in for ets that answers with what was called; a call that still
%% goes to ets finds no table, and raises. Beside ms_transform: every way and order to enable the two gives the same
%% module and the same errors. On code that others wrote: modules of OTP import from heirloom_ets what they imported
%% from ets, and nothing else changes.

-module(heirloom_ets_transform_tests).

-include_lib("eunit/include/eunit.hrl").

%% What the stand-ins call.
-export([answer/2, delegate/2]).

-define(TRANSFORM, {parse_transform, heirloom_ets_transform}).
-define(MS_TRANSFORM, {parse_transform, ms_transform}).

%%% Forms

redirected_expressions_test_() ->
    [
        {Before, ?_assertEqual(expression(After), transformed(expression(Before)))}
     || {Before, After} <- [
            {"ets:lookup(T, K)", "heirloom_ets:lookup(T, K)"},
            {"ets:F(T)", "heirloom_ets:F(T)"},
            {"ets:(name(ets:all()))(T)", "heirloom_ets:(name(heirloom_ets:all()))(T)"},
            {"ets:module_info(exports)", "heirloom_ets:module_info(exports)"},
            {"ets:insert(T, {k, ets:info(U, size)})", "heirloom_ets:insert(T, {k, heirloom_ets:info(U, size)})"},
            {"fun ets:lookup/2", "fun heirloom_ets:lookup/2"},
            {"fun ets:F/A", "fun heirloom_ets:F/A"},
            {"fun ets:fun2ms/1", "fun heirloom_ets:fun2ms/1"},
            {"apply(fun ets:lookup/2, [T, K])", "apply(fun heirloom_ets:lookup/2, [T, K])"},
            {"(fun ets:lookup/2)(T, K)", "(fun heirloom_ets:lookup/2)(T, K)"}
        ]
    ].

%% A call inside of each kind of expression that a parser makes.
redirected_positions_test_() ->
    Kinds = [
        "{a, [~s | ~s], \"ets\"}", "#{k => ~s, ~s => v}", "M#{k := ~s}", "#r{f = ~s}", "X#r{f = ~s, _ = ~s}",
        "(~s)#r.f", "begin ~s, ~s end", "case ~s of X when X > 0 -> ~s; _ -> ~s end", "if X -> ~s; true -> ~s end",
        "receive X when X -> ~s after ~s -> ~s end", "try ~s, ~s of X -> ~s catch C:R:S when C -> ~s after ~s end",
        "catch ~s", "fun(X) when X -> ~s; (Y) -> ~s end", "fun Loop(X) -> Loop(~s) end",
        "[~s || X <- ~s, ~s, Y <- ~s]", "<< <<(~s):(~s)/integer-unit:8>> || <<X:(~s)>> <= ~s, ~s >>",
        "[~s || <<X>> <= ~s]", "<<(~s)/binary, 1:(~s)>>", "X = ~s", "not ~s", "~s + ~s", "~s andalso ~s orelse ~s",
        "P ! ~s", "local(~s)", "(~s)(~s)", "(~s):f(~s)", "spawn(fun() -> ~s end)",
        "maybe {ok, X} ?= ~s, ~s else _ -> ~s end"
    ],
    Filled = fun(Kind, Call) -> expression(filled(Kind, Call)) end,
    [
        {Kind, ?_assertEqual(Filled(Kind, "heirloom_ets:f(T)"), transformed(Filled(Kind, "ets:f(T)")))}
     || Kind <- Kinds
    ].

%% What OTP 28 parses and this one may not, and what nobody parses yet.
redirected_in_unknown_nodes_test_() ->
    [
        ?_assertEqual(Node(expression("heirloom_ets:f(T)")), transformed(Node(expression("ets:f(T)"))))
     || Node <- [
            fun(E) -> {lc, 1, E, [{generate_strict, 1, {var, 1, 'X'}, E}]} end,
            fun(E) -> {lc, 1, E, [{zip, 1, [{generate, 1, {var, 1, 'X'}, E}, {b_generate, 1, {bin, 1, []}, E}]}]} end,
            fun(E) -> {mc, 1, {map_field_assoc, 1, E, E}, [{m_generate, 1, {map_field_exact, 1, E, E}, E}]} end,
            fun(E) -> {not_invented_yet, 1, #{}, [{E} | E]} end
        ]
    ].

redirected_appliers_test_() ->
    [
        {Call, ?_assertEqual(expression(filled(Call, "heirloom_ets")), transformed(expression(filled(Call, "ets"))))}
     || Call <- [
            "apply(~s, F, A)", "apply(~s, lookup, [T, K])", "erlang:apply(~s, F, A)",
            "erlang:make_fun(~s, lookup, 2)", "spawn(~s, F, A)", "spawn(N, ~s, F, A)", "erlang:spawn(~s, F, A)",
            "spawn_link(~s, F, A)", "spawn_link(N, ~s, F, A)", "spawn_monitor(~s, F, A)",
            "spawn_monitor(N, ~s, F, A)", "spawn_opt(~s, F, A, O)", "spawn_opt(N, ~s, F, A, O)",
            "spawn_request(~s, F, A)", "spawn_request(~s, F, A, O)", "spawn_request(N, ~s, F, A)",
            "spawn_request('n@h', ~s, f, A)", "spawn_request(N, ~s, F, A, O)", "proc_lib:spawn(~s, F, A)",
            "proc_lib:spawn(N, ~s, F, A)", "proc_lib:spawn_link(~s, F, A)", "proc_lib:spawn_link(N, ~s, F, A)",
            "proc_lib:spawn_opt(~s, F, A, O)", "proc_lib:spawn_opt(N, ~s, F, A, O)", "timer:apply_after(T, ~s, F, A)",
            "timer:apply_interval(T, ~s, F, A)", "timer:apply_repeatedly(T, ~s, F, A)", "timer:tc(~s, F, A)",
            "timer:tc(~s, F, A, millisecond)", "rpc:async_call(N, ~s, F, A)", "rpc:block_call(N, ~s, F, A)",
            "rpc:block_call(N, ~s, F, A, T)", "rpc:call(N, ~s, F, A)", "rpc:call(N, ~s, F, A, T)",
            "rpc:cast(N, ~s, F, A)", "rpc:eval_everywhere(~s, F, A)", "rpc:eval_everywhere(Ns, ~s, F, A)",
            "rpc:multicall(~s, F, A)", "rpc:multicall(~s, F, A, T)", "rpc:multicall(Ns, ~s, F, A)",
            "rpc:multicall(Ns, ~s, F, A, T)", "erpc:call(N, ~s, F, A)", "erpc:call(N, ~s, F, A, T)",
            "erpc:cast(N, ~s, F, A)", "erpc:multicall(Ns, ~s, F, A)", "erpc:multicall(Ns, ~s, F, A, T)",
            "erpc:multicast(Ns, ~s, F, A)", "erpc:send_request(N, ~s, F, A)", "erpc:send_request(N, ~s, F, A, L, C)",
            "spawn(fun() -> apply(~s, F, A) end)"
        ]
    ].

%% Where the module of a call is not `ets`, the arguments are walked nevertheless.
redirected_arguments_of_appliers_test() ->
    ?assertEqual(
        expression("apply(heirloom_ets, heirloom_ets:f(X), [heirloom_ets:g(Y)])"),
        transformed(expression("apply(ets, ets:f(X), [ets:g(Y)])"))
    ),
    ?assertEqual(expression("apply(M, f, [heirloom_ets:g(Y)])"), transformed(expression("apply(M, f, [ets:g(Y)])"))).

unchanged_expressions_test_() ->
    [
        {Text, ?_assertEqual(expression(Text), transformed(expression(Text)))}
     || Text <- [
            "ets", "ets()", "ets(ets)", "M:lookup(T, K)", "fun M:lookup/2", "fun ets/2", "my_ets:lookup(T, K)",
            "mod:ets(T, K)", "{ets, lookup, [T, K]}", "[{ets, '_'} | ets]", "#{ets => ets}",
            "mnesia:activity(ets, F)", "mod:call(ets, lookup, [T, K])", "apply(ets, A)", "apply(mod, ets, [])",
            "apply(M, ets, A)", "spawn(ets, F)", "spawn(N, mod, ets, [])", "rpc:call(ets, mod, f, [])",
            "rpc:multicall(mod, ets, [], T)", "rpc:multicall(M, ets, [A | B], T)", "spawn_request(mod, ets, [A], O)",
            "timer:apply_after(ets, mod, f, [])", "erlang:function_exported(ets, lookup, 2)",
            "ets:fun2ms(fun({X, Y}) when X > 1 -> Y end)", "ets:fun2ms(fun(X) -> ets:lookup(t, X) end)",
            "dbg:fun2ms(fun([X]) -> ets:lookup(t, X) end)", "f(ets:fun2ms(fun(X) -> X end))",
            "try f() catch error:{badarg, [{ets, insert, 2, _} | _]} -> ok end",
            %% Data that looks like code.
            "{call, 1, {remote, 1, {atom, 1, ets}, {atom, 1, lookup}}, []}", "{'fun', 1, {function, ets, lookup, 2}}",
            "{remote, 1, {atom, 1, ets}, {atom, 1, lookup}}"
        ]
    ].

%% What is not a literal fun is code like any other, and fun2ms makes no difference.
fun2ms_of_another_expression_test() ->
    ?assertEqual(expression("ets:fun2ms(f(heirloom_ets:g(T)))"), transformed(expression("ets:fun2ms(f(ets:g(T)))"))),
    ?assertEqual(expression("my_ets:fun2ms(heirloom_ets:f(T))"), transformed(expression("my_ets:fun2ms(ets:f(T))"))).

redirected_attributes_test() ->
    ?assertEqual(
        forms("-module(m). -import(heirloom_ets, [lookup/2, insert/2]). -import(lists, [map/2])."),
        transformed(forms("-module(m). -import(ets, [lookup/2, insert/2]). -import(lists, [map/2])."))
    ),
    ?assertEqual(
        forms("-module(m). -record(ets, {ets, a = heirloom_ets:f(), b = heirloom_ets:g() :: atom(), c :: ets:tid()})."),
        transformed(forms("-module(m). -record(ets, {ets, a = ets:f(), b = ets:g() :: atom(), c :: ets:tid()})."))
    ).

unchanged_attributes_test_() ->
    [
        {Text, ?_assertEqual(forms("-module(m). " ++ Text), transformed(forms("-module(m). " ++ Text)))}
     || Text <- [
            "-spec f(ets:tid(), fun((ets:tab()) -> ets:table())) -> #{ets => ets:tid()}.",
            "-type t() :: {ets, ets:tid()} | ets.",
            "-opaque t() :: ets:tid().",
            "-callback f(ets:tid()) -> ok.",
            "-record(r, {ets = ets :: ets:tid()}).",
            "-behaviour(ets).",
            "-ignore_xref([{ets, lookup, 2}]).",
            "-some_data({call, 1, {remote, 1, {atom, 1, ets}, {atom, 1, lookup}}, []}).",
            "-export([ets/0]). ets() -> ets."
        ]
    ].

%% A local call is one of the function's own module, or of that which it is imported from.
local_appliers_test_() ->
    Own = "-module(m). -compile({no_auto_import, [apply/3]}). apply(X, _, _) -> X. f() -> apply(ets, a, b).",
    Imported = "-module(m). -compile({no_auto_import, [spawn/3]}). -import(mod, [spawn/3]). f() -> spawn(ets, f, A).",
    OtherArity = "-module(m). apply(X, _, _, _) -> X. f() -> apply(~s, a, b).",
    Rpc = "-module(m). -import(rpc, [call/4]). f() -> call(N, ~s, f, A).",
    [
        ?_assertEqual(forms(Own), transformed(forms(Own))),
        ?_assertEqual(forms(Imported), transformed(forms(Imported))),
        ?_assertEqual(forms(filled(OtherArity, "heirloom_ets")), transformed(forms(filled(OtherArity, "ets")))),
        ?_assertEqual(forms(filled(Rpc, "heirloom_ets")), transformed(forms(filled(Rpc, "ets"))))
    ].

%% Lines, columns, and whatever else an annotation holds.
annotations_test() ->
    Text =
        "-module(m).\n"
        "-import(ets, [insert/2]).\n"
        "-record(r, {f = ets:f()}).\n"
        "f(T) ->\n"
        "    X = [ets:lookup(T, K) || K <- apply(ets, f, [])], {fun ets:g/1,\n"
        "    ets:fun2ms(fun(Y) -> Y end), X}.\n",
    Before = forms(Text, {1, 1}, [text]),
    After = heirloom_ets_transform:parse_transform(Before, []),
    ?assertNotEqual(Before, After),
    ?assertEqual(annotations(Before), annotations(After)).

%%% Which modules

module_names_test_() ->
    [
        {Name, ?_assertEqual(Becomes, becomes("-module(" ++ Name ++ ").", []))}
     || {Name, Becomes} <- [
            {"m", heirloom_ets},
            {"heirlooms", heirloom_ets},
            {"my_heirloom_", heirloom_ets},
            {"heirloom", ets},
            {"heirloom_ets", ets},
            {"heirloom_nif", ets}
        ]
    ].

attribute_test_() ->
    [
        ?_assertEqual(ets, becomes("-module(m). -heirloom_ets(off).", [])),
        ?_assertEqual(heirloom_ets, becomes("-module(m). -heirloom_ets(on).", [])),
        ?_assertEqual(heirloom_ets, becomes("-module(heirloom_m). -heirloom_ets(on).", [])),
        ?_assertEqual(ets, becomes("-module(heirloom_m). -heirloom_ets(off).", []))
    ].

replacement_test_() ->
    Option = {heirloom_ets_transform, [{module, other}]},
    [
        ?_assertEqual(other, becomes("-module(m).", [debug_info, Option])),
        ?_assertEqual(heirloom_ets, becomes("-module(m).", [{heirloom_ets_transform, []}])),
        ?_assertEqual(ets, becomes("-module(other).", [Option])),
        ?_assertEqual(ets, becomes("-module(other). -heirloom_ets(on).", [Option])),
        ?_assertEqual(ets, becomes("-module(heirloom_ets). -heirloom_ets(on).", []))
    ].

refused_test_() ->
    BadOption = fun(Value) ->
        {Errors, []} = messages(m, "-module(m).\n", [{heirloom_ets_transform, Value}, ?TRANSFORM]),
        Errors
    end,
    [
        ?_assertEqual(
            {[{"h.hrl", {7, 2}, "bad attribute -heirloom_ets(no); it takes on or off"}], []},
            messages(m, "-module(m).\n-file(\"h.hrl\", 5).\n\n-heirloom_ets(no).\n", [?TRANSFORM])
        ),
        ?_assertEqual(
            [{"m.erl", none, "bad option {heirloom_ets_transform, other}; it takes [{module, Module}]"}],
            BadOption(other)
        ),
        ?_assertMatch([{"m.erl", none, "bad option" ++ _}], BadOption([{modul, other}])),
        ?_assertMatch([{"m.erl", none, "bad option" ++ _}], BadOption([{module, "other"}]))
    ].

%%% Compiled and run

run_test_() ->
    Text =
        "-module(transformed).\n"
        "-compile([export_all, nowarn_export_all]).\n"
        "-import(ets, [lookup/2]).\n"
        "-record(r, {f = ets:new(t, [])}).\n"
        "direct() -> ets:lookup(t, k).\n"
        "variable_name(F) -> ets:F(t, k).\n"
        "imported() -> lookup(t, k).\n"
        "external_fun() -> F = fun ets:lookup/2, F(t, k).\n"
        "variable_fun(F, A) -> (fun ets:F/A)(t, k).\n"
        "mapped() -> [Result] = lists:map(fun ets:info/1, [t]), Result.\n"
        "applied() -> apply(ets, lookup, [t, k]).\n"
        "made() -> (erlang:make_fun(ets, lookup, 2))(t, k).\n"
        "default() -> (#r{})#r.f.\n"
        "spawned() -> spawn(ets, lookup, [t, k]).\n"
        "linked() -> spawn_link(ets, lookup, [t, k]).\n"
        "monitored() -> spawn_monitor(ets, lookup, [t, k]).\n"
        "on_node() -> proc_lib:spawn(node(), ets, lookup, [t, k]).\n"
        "later() -> timer:apply_after(1, ets, lookup, [t, k]).\n"
        "timed() -> element(2, timer:tc(ets, lookup, [t, k])).\n"
        "called() -> rpc:call(node(), ets, lookup, [t, k]).\n"
        "called_on_all() -> {[Result], []} = rpc:multicall([node()], ets, lookup, [t, k]), Result.\n"
        "caught() -> try ets:lookup(t, k) of {_, _, A} -> {caught, A} after ets:delete(t) end.\n",
    Lookup = {stand_in, lookup, [t, k]},
    {setup,
        fun() ->
            load_stand_in(answer),
            load(transformed, Text, [?TRANSFORM, {heirloom_ets_transform, [{module, ets_stand_in}]}])
        end,
        fun(_) -> unload([transformed, ets_stand_in]) end,
        [
            [
                {atom_to_list(Function), ?_assertEqual(Lookup, transformed:Function())}
             || Function <- [direct, imported, external_fun, applied, made, timed, called, called_on_all]
            ],
            [
                {atom_to_list(Function), ?_assertEqual({lookup, [t, k]}, heard(lookup, fun transformed:Function/0))}
             || Function <- [spawned, linked, monitored, on_node, later]
            ],
            ?_assertEqual(Lookup, transformed:variable_name(lookup)),
            ?_assertEqual(Lookup, transformed:variable_fun(lookup, 2)),
            ?_assertEqual({stand_in, info, [t]}, transformed:mapped()),
            ?_assertEqual({stand_in, new, [t, []]}, transformed:default()),
            ?_assertEqual({caught, [t, k]}, transformed:caught()),
            ?_assertEqual({delete, [t]}, heard(delete, fun transformed:caught/0))
        ]}.

%% qlc:q/1 is made by a parse transform too, which has the module compiled in the course of it. (Enabled in options
%% instead of attributes, that of OTP 25 calls itself for ever.)
qlc_test_() ->
    Include = "-include_lib(\"stdlib/include/qlc.hrl\").\n",
    Compile = "-compile({parse_transform, heirloom_ets_transform}).\n",
    Text =
        "-export([f/1]).\n"
        "f(T) ->\n"
        "    Query = qlc:q([{K, W} || {K, V} <- ets:table(T), K > 1, {W} <- ets:lookup(T, b), ets:member(T, V)]),\n"
        "    lists:sort(qlc:e(Query)).\n",
    [
        {setup,
            fun() ->
                load_stand_in(delegate),
                load(transformed, "-module(transformed).\n" ++ Attributes ++ Text, [
                    {heirloom_ets_transform, [{module, ets_stand_in}]} | Options
                ])
            end,
            fun(_) -> unload([transformed, ets_stand_in]) end,
            fun(Beam) ->
                [
                    fun() ->
                        T = ets:new(t, [bag]),
                        true = ets:insert(T, [{1, a}, {2, b}, {3, 2}, {4, c}, {b}]),
                        erase(delegated),
                        ?assertEqual([{2, b}, {3, b}], transformed:f(T)),
                        ?assertEqual([lookup, member, table], lists:usort(get(delegated)))
                    end,
                    ?_assertEqual([], imports(Beam, ets))
                ]
            end}
     || {Attributes, Options} <- [
            {Include, [?TRANSFORM]},
            {Include ++ Compile, []},
            {Compile ++ Include, []}
        ]
    ].

%% What the compiler says about a module, it says in the same words and about the same places.
messages_test_() ->
    Warned =
        "-module(m).\n"
        "-export([f/1]).\n"
        "f(T) -> ets:lookup(T, k), Unused = 1, ets:insert(T,\n"
        "    begin ets:new(a, []), {ets:g(), fun(T) -> T end} end).\n"
        "h(T) -> ets:first(T).\n",
    Refused =
        "-module(m).\n"
        "-import(ets, [lookup/2, lookup/2]).\n"
        "f(T) -> ets:lookup(T, k), {ets:g(), Unbound}, g().\n"
        "h(T) when ets:first(T) -> ets.\n",
    [
        fun() ->
            Plain = {Errors, Warnings} = messages(m, Text, []),
            ?assertEqual(Said, {Errors =/= [], Warnings =/= []}),
            ?assertEqual(Plain, messages(m, Text, [?TRANSFORM]))
        end
     || {Text, Said} <- [{Warned, {false, true}}, {Refused, {true, true}}]
    ].

%%% Beside ms_transform

%% Each way to enable both: in options, in attributes, in one attribute; either of them first.
orders() ->
    Attribute = fun(Value) -> lists:flatten(io_lib:format("-compile(~w). ", [Value])) end,
    [
        {"", [?TRANSFORM, ?MS_TRANSFORM]},
        {"", [?MS_TRANSFORM, ?TRANSFORM]},
        {Attribute(?MS_TRANSFORM), [?TRANSFORM]},
        {Attribute(?TRANSFORM), [?MS_TRANSFORM]},
        {Attribute(?MS_TRANSFORM) ++ Attribute(?TRANSFORM), []},
        {Attribute(?TRANSFORM) ++ Attribute(?MS_TRANSFORM), []},
        {Attribute([?MS_TRANSFORM, ?TRANSFORM]), []},
        {Attribute([?TRANSFORM, ?MS_TRANSFORM]), []},
        {"-include_lib(\"stdlib/include/ms_transform.hrl\"). ", [?TRANSFORM]}
    ].

fun2ms_test_() ->
    Text =
        "-export([plain/0, nested/1, traced/0]).\n"
        "-record(r, {k, v = 7}).\n"
        "plain() -> ets:fun2ms(fun({A, B}) when A > 1, is_atom(B) -> {B, A} end).\n"
        "nested(X) ->\n"
        "    try\n"
        "        F = fun() -> [ets:select(t, ets:fun2ms(fun(#r{k = K, v = V}) when K < X -> V end))] end,\n"
        "        #{k => F()}\n"
        "    after\n"
        "        ets:delete(t)\n"
        "    end.\n"
        "traced() -> dbg:fun2ms(fun([A]) when A > 1 -> return_trace() end).\n",
    [
        {Attributes ++ lists:flatten(io_lib:format("~w", [Options])),
            {setup,
                fun() ->
                    load_stand_in(answer),
                    load(transformed, "-module(transformed). " ++ Attributes ++ Text, [
                        {heirloom_ets_transform, [{module, ets_stand_in}]} | Options
                    ])
                end,
                fun(_) -> unload([transformed, ets_stand_in]) end,
                fun(Beam) ->
                    [
                        ?_assertEqual(
                            [{{'$1', '$2'}, [{'>', '$1', 1}, {is_atom, '$2'}], [{{'$2', '$1'}}]}], transformed:plain()
                        ),
                        ?_assertEqual(
                            #{k => [{stand_in, select, [t, [{{r, '$1', '$2'}, [{'<', '$1', {const, 5}}], ['$2']}]]}]},
                            transformed:nested(5)
                        ),
                        ?_assertEqual([{['$1'], [{'>', '$1', 1}], [{return_trace}]}], transformed:traced()),
                        ?_assertEqual([], imports(Beam, ets)),
                        ?_assertEqual([{delete, 1}, {select, 2}], imports(Beam, ets_stand_in))
                    ]
                end}}
     || {Attributes, Options} <- orders()
    ].

%% What ms_transform refuses, it refuses in its own words.
fun2ms_refused_test_() ->
    Text =
        fun(Attributes, Call) -> "-module(m). " ++ Attributes ++ "-export([f/1]).\nf(F) -> {F, " ++ Call ++ "}.\n" end,
    [
        fun() ->
            Plain = {[_], []} = messages(m, Text("", Call), [?MS_TRANSFORM]),
            ?assertEqual(Plain, messages(m, Text(Attributes, Call), Options))
        end
     || {Attributes, Options} <- orders(),
        Call <- [
            "ets:fun2ms(F)",
            "ets:fun2ms(fun ets:lookup/2)",
            "ets:fun2ms(fun(X) -> ets:lookup(t, X) end)",
            "dbg:fun2ms(fun([X]) -> ets:lookup(t, X) end)"
        ]
    ].

%% Without ms_transform ets:fun2ms/1 is called, as it is without this transform.
fun2ms_alone_test_() ->
    Text = "-module(transformed).\n-export([f/0]).\nf() -> ets:fun2ms(fun(X) -> X end).\n",
    {setup, fun() -> load(transformed, Text, [?TRANSFORM]) end, fun(_) -> unload([transformed]) end,
        ?_assertExit({badarg, {ets, fun2ms, [function, called, with | _]}}, transformed:f())}.

%%% Modules of OTP

otp_modules_test_() ->
    [
        {timeout, 60, with_source(Application, Module, fun(File) ->
            Plain = compiled(File, []),
            Transformed = compiled(File, [?TRANSFORM]),
            ?assertMatch([_ | _], imports(Plain, ets)),
            ?assertEqual(imports(Plain, ets), imports(Transformed, heirloom_ets)),
            ?assertEqual([], imports(Transformed, ets)),
            ?assertEqual(other_imports(Plain), other_imports(Transformed))
        end)}
     || {Application, Module} <- [
            {stdlib, dets_server}, {stdlib, digraph}, {stdlib, qlc_pt}, {stdlib, timer}, {kernel, code_server},
            {kernel, global}, {kernel, inet_db}, {kernel, pg}
        ]
    ].

%% A module of OTP, transformed, does its work with every call going through the stand-in. Only its name is changed, for
%% the other one is in use.
digraph_test_() ->
    with_source(stdlib, digraph, fun(File) ->
        {ok, Forms} = epp:parse_file(File, []),
        {value, Attribute, Others} = lists:keytake(module, 3, Forms),
        {ok, transformed, Beam} = compile:forms(
            [setelement(4, Attribute, transformed) | Others],
            [?TRANSFORM, {heirloom_ets_transform, [{module, ets_stand_in}]}]
        ),
        load_stand_in(delegate),
        {module, transformed} = code:load_binary(transformed, "digraph.erl", Beam),
        erase(delegated),
        G = transformed:new(),
        [V = transformed:add_vertex(G, V) || V <- [a, b, c, d]],
        [_ = transformed:add_edge(G, V, W) || {V, W} <- [{a, b}, {b, c}, {c, a}, {c, d}]],
        ?assertEqual([a, b, c, d], transformed:get_path(G, a, d)),
        ?assertEqual([a, b, c, a], transformed:get_cycle(G, a)),
        ?assert(transformed:del_vertex(G, b)),
        ?assertEqual(false, transformed:get_path(G, a, d)),
        ?assert(transformed:delete(G)),
        ?assertEqual([new, new, new], [Name || Name <- get(delegated), Name =:= new]),
        unload([transformed, ets_stand_in])
    end).

with_source(Application, Module, Test) ->
    File = filename:join([code:lib_dir(Application), "src", atom_to_list(Module) ++ ".erl"]),
    case filelib:is_regular(File) of
        true ->
            {File, fun() -> Test(File) end};
        false ->
            Skipped = "SKIPPED, no source here: " ++ File,
            {Skipped, fun() -> io:format(user, "~ts~n", [Skipped]) end}
    end.

compiled(File, Options) ->
    {ok, _, Beam} = compile:file(File, [binary, {i, filename:join(filename:dirname(File), "../include")} | Options]),
    Beam.

other_imports(Beam) ->
    {ok, {_, [{imports, Imports}]}} = beam_lib:chunks(Beam, [imports]),
    [Import || Import = {Module, _, _} <- Imports, Module =/= ets, Module =/= heirloom_ets].

%%% Forms from text

%% All on one line and without columns, so that forms which differ in names alone are equal but for those.
forms(Text) -> forms(Text, 1, []).

forms(Text, Location, Options) ->
    IsReserved = fun(Word) -> erl_scan:reserved_word(Word) orelse Word =:= 'maybe' orelse Word =:= 'else' end,
    {ok, Tokens, _} = erl_scan:string(Text, Location, [{reserved_word_fun, IsReserved} | Options]),
    parsed(Tokens).

parsed([]) ->
    [];
parsed(Tokens) ->
    {FormTokens, [Dot | Rest]} = lists:splitwith(fun(Token) -> element(1, Token) =/= dot end, Tokens),
    {ok, Form} = erl_parse:parse_form(FormTokens ++ [Dot]),
    [Form | parsed(Rest)].

expression(Text) ->
    [{function, _, f, 0, [{clause, _, [], [], [Expression]}]}] = forms("f() -> " ++ Text ++ "."),
    Expression.

transformed([_ | _] = Forms) ->
    heirloom_ets_transform:parse_transform(Forms, []);
transformed(Expression) ->
    Function = {function, 1, f, 0, [{clause, 1, [], [], [Expression]}]},
    [_, {function, 1, f, 0, [{clause, 1, [], [], [Transformed]}]}] =
        heirloom_ets_transform:parse_transform([{attribute, 1, module, m}, Function], []),
    Transformed.

filled(Text, Word) -> lists:append(string:replace(Text, "~s", Word, all)).

annotations(Forms) ->
    [erl_parse:fold_anno(fun(Anno, Annos) -> [Anno | Annos] end, [], Form) || Form <- Forms].

%% The module that `ets` becomes in a module with these attributes.
becomes(Attributes, Options) ->
    Forms = forms(Attributes ++ " f() -> ets:all()."),
    {function, _, f, 0, [{clause, _, [], [], [Call]}]} =
        lists:last(heirloom_ets_transform:parse_transform(Forms, Options)),
    {call, _, {remote, _, {atom, _, Module}, {atom, _, all}}, []} = Call,
    Module.

%%% Modules from text

load(Module, Text, Options) ->
    {ok, Module, Beam, _} = compile(Module, Text, Options),
    {module, Module} = code:load_binary(Module, atom_to_list(Module) ++ ".erl", Beam),
    Beam.

unload(Modules) -> [code:purge(Module) || Module <- Modules, code:delete(Module)].

%% The errors and warnings of the compiler as it prints them.
messages(Module, Text, Options) ->
    {Errors, Warnings} =
        case compile(Module, Text, Options) of
            {ok, Module, _, Ws} -> {[], Ws};
            {error, Es, Ws} -> {Es, Ws}
        end,
    Printed = fun(Messages) ->
        [
            {filename:basename(File), Location, lists:flatten(By:format_error(Reason))}
         || {File, Infos} <- Messages, {Location, By, Reason} <- Infos
        ]
    end,
    {Printed(Errors), Printed(Warnings)}.

%% From a file: the preprocessor takes part too.
compile(Module, Text, Options) ->
    Name = io_lib:format("heirloom_ets_transform.~s.~b", [os:getpid(), erlang:unique_integer([positive])]),
    Directory = filename:join(os:getenv("TMPDIR", "/tmp"), Name),
    File = filename:join(Directory, atom_to_list(Module) ++ ".erl"),
    ok = file:make_dir(Directory),
    try
        ok = file:write_file(File, Text),
        compile:file(File, [binary, return | Options])
    after
        file:delete(File),
        file:del_dir(Directory)
    end.

imports(Beam, From) ->
    {ok, {_, [{imports, Imports}]}} = beam_lib:chunks(Beam, [imports]),
    lists:sort([{Name, Arity} || {Module, Name, Arity} <- Imports, Module =:= From]).

%%% Stand-ins for ets

%% A module that has every function: the VM hands it those that it has not.
load_stand_in(How) ->
    Text =
        "-module(ets_stand_in).\n"
        "-export(['$handle_undefined_function'/2]).\n"
        "'$handle_undefined_function'(Name, Arguments) -> heirloom_ets_transform_tests:~s(Name, Arguments).\n",
    load(ets_stand_in, filled(Text, atom_to_list(How)), []).

answer(Name, Arguments) ->
    case whereis(heirloom_ets_transform_listener) of
        undefined -> ok;
        Listener -> Listener ! {called, Name, Arguments}
    end,
    {stand_in, Name, Arguments}.

%% Remembers in the caller what was called.
delegate(Name, Arguments) ->
    put(delegated, [Name | case get(delegated) of undefined -> []; Names -> Names end]),
    apply(ets, Name, Arguments).

%% What the stand-in was called with by whatever process.
heard(Name, Fun) ->
    register(heirloom_ets_transform_listener, self()),
    try
        Fun(),
        receive
            {called, Name, Arguments} -> {Name, Arguments}
        after 5000 -> nothing
        end
    after
        unregister(heirloom_ets_transform_listener)
    end.
