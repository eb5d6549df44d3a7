%% SPDX-License-Identifier: Apache-2.0
%%
%% A parse transform that makes code written for `ets` use `heirloom_ets`, which has the same functions over tables that
%% outlive their process and their VM. An application enables it in its rebar.config, and changes no line of code:
%%
%%     {erl_opts, [{parse_transform, heirloom_ets_transform}]}.
%%
%% It costs nothing at run time: the beam file is the one that a source saying `heirloom_ets` would give. Only atoms are
%% replaced, each in its place, so lines and columns stay right.
%%
%% **What is redirected.** `ets:F(...)`, also with a variable F; `fun ets:F/A`; what `-import(ets, [...])` imports; and
%% the literal `ets` where it is the module to apply: in apply/3, the spawns, and functions of timer, proc_lib, rpc and
%% erpc (module_positions/3 has them all). A call to another node is redirected too, for the same code made the tables
%% there.
%%
%% **What stays.**
%% - `M:F(...)` with a variable M, and `{ets, F, Args}` as data: in a child specification, in a pattern over a stack
%%   trace. What becomes of them cannot be known here.
%% - `erlang:function_exported(ets, F, A)`. It is false for a module that is not loaded yet; `ets` always is loaded, and
%%   what it has, `heirloom_ets` has.
%% - Types. `ets:tid()`, `ets:table()` and the others are those of `heirloom_ets` too.
%% - `ets:fun2ms(...)`, see below.
%% - Calls made by a parse transform that runs later, and lines typed into the shell.
%%
%% **Match specifications.** The parse transform ms_transform looks for the text `ets:fun2ms(Fun)`, and puts a literal
%% there. The compiler runs the transforms of its options first, then those of the file's attributes, and tells none
%% what is still to come. So this one leaves the call alone, with its literal fun, and the order does not matter: either
%% the call has gone already, or it waits for ms_transform, which finds what it looks for and complains in the words of
%% ets. Without ms_transform, ets:fun2ms/1 is called and exits, as ever.
%%
%% **Which modules.** Not `heirloom` and names that begin with `heirloom_`: they are the binding itself. The attribute
%% `-heirloom_ets(off).` leaves a module as it is, and `-heirloom_ets(on).` transforms one in spite of its name. The
%% compile option `{heirloom_ets_transform, [{module, Module}]}` has Module in the place of `heirloom_ets`. That module
%% is never transformed, for it would call itself.
%%
%% **Why the walk over the forms knows so few of them.** In the abstract form of a function all data is wrapped: the
%% source text `{call, 1, X, Y}` reads `{tuple, A, [{atom, A, call}, ...]}`. A bare tuple that looks like a call is one,
%% wherever it stands, also inside of nodes that a later OTP adds; ms_transform relies on this as well. Attributes do
%% hold bare data, and of them only the default values of record fields are walked. Why not erl_syntax_lib:map/2? It
%% takes every node apart and must know how to build it again, and it is part of an application that need not be
%% installed.

-module(heirloom_ets_transform).

-export([parse_transform/2, format_error/1]).

-type form() :: erl_parse:abstract_form() | erl_parse:form_info().

%% `ets` becomes `replacement`. A function called without a module is in `module_of`, or else in `erlang`.
-record(scope, {
    replacement :: module(),
    module_of :: #{{atom(), arity()} => module()}
}).

-spec parse_transform([form()], [compile:option()]) -> [form()] | {error, [tuple()], []}.
parse_transform(Forms, Options) ->
    try
        Replacement = replacement(Options, Forms),
        Module = module_name(Forms),
        case Module =/= Replacement andalso is_wanted(Module, Forms) of
            true ->
                Scope = #scope{replacement = Replacement, module_of = module_of(Module, Forms)},
                [form(Form, Scope) || Form <- Forms];
            false ->
                Forms
        end
    catch
        throw:{bad_use, File, Location, Reason} -> {error, [{File, [{Location, ?MODULE, Reason}]}], []}
    end.

-spec format_error(term()) -> io_lib:chars().
format_error({bad_option, Value}) ->
    io_lib:format("bad option {heirloom_ets_transform, ~tp}; it takes [{module, Module}]", [Value]);
format_error({bad_attribute, Value}) ->
    io_lib:format("bad attribute -heirloom_ets(~tp); it takes on or off", [Value]).

%%% What the module and the compiler's options say

replacement(Options, Forms) ->
    case proplists:get_value(heirloom_ets_transform, Options, []) of
        [] -> heirloom_ets;
        [{module, Module}] when is_atom(Module) -> Module;
        Value -> throw({bad_use, source_file(Forms), none, {bad_option, Value}})
    end.

source_file([{attribute, _, file, {File, _}} | _]) -> File;
source_file(_) -> "nofile".

module_name(Forms) ->
    case lists:keyfind(module, 3, Forms) of
        {attribute, _, module, Module} -> Module;
        _ -> undefined
    end.

is_wanted(Module, Forms) ->
    case switch(Forms, "nofile") of
        on -> true;
        off -> false;
        unset -> not is_of_the_binding(Module)
    end.

switch([{attribute, _, file, {File, _}} | Forms], _) -> switch(Forms, File);
switch([{attribute, _, heirloom_ets, Value} | _], _) when Value =:= on; Value =:= off -> Value;
switch([{attribute, Anno, heirloom_ets, Value} | _], File) ->
    throw({bad_use, File, erl_anno:location(Anno), {bad_attribute, Value}});
switch([_ | Forms], File) -> switch(Forms, File);
switch([], _) -> unset.

is_of_the_binding(heirloom) -> true;
is_of_the_binding(Module) -> lists:prefix("heirloom_", atom_to_list(Module)).

module_of(Module, Forms) ->
    Imported = [{Function, From} || {attribute, _, import, {From, Functions}} <- Forms, Function <- Functions],
    Own = [{{Name, Arity}, Module} || {function, _, Name, Arity, _} <- Forms],
    maps:from_list(Imported ++ Own).

%%% The walk

form({attribute, Anno, import, {ets, Functions}}, Scope) ->
    {attribute, Anno, import, {Scope#scope.replacement, Functions}};
form({attribute, Anno, record, {Name, Fields}}, Scope) ->
    {attribute, Anno, record, {Name, [field(Field, Scope) || Field <- Fields]}};
form({function, Anno, Name, Arity, Clauses}, Scope) ->
    {function, Anno, Name, Arity, code(Clauses, Scope)};
form(Form, _Scope) ->
    Form.

field({typed_record_field, Field, Type}, Scope) -> {typed_record_field, code(Field, Scope), Type};
field(Field, Scope) -> code(Field, Scope).

code({call, Anno, {remote, _, {atom, _, Module}, {atom, _, fun2ms}} = Fun2ms, Arguments}, Scope) when
    Module =:= ets; Module =:= dbg
->
    {call, Anno, Fun2ms, fun2ms_arguments(Arguments, Scope)};
code({call, Anno, Function, Arguments}, Scope) ->
    Positions = positions(Function, length(Arguments), Scope),
    {call, Anno, code(Function, Scope), redirect_argument(Positions, code(Arguments, Scope), Scope)};
code({remote, Anno, {atom, _, ets} = Ets, Function}, Scope) ->
    {remote, Anno, redirect(Ets, Scope), code(Function, Scope)};
code({'fun', Anno, {function, {atom, _, ets} = Ets, Function, Arity}}, Scope) ->
    {'fun', Anno, {function, redirect(Ets, Scope), code(Function, Scope), code(Arity, Scope)}};
code(Node, Scope) when is_tuple(Node) -> list_to_tuple(code(tuple_to_list(Node), Scope));
code([Node | Nodes], Scope) -> [code(Node, Scope) | code(Nodes, Scope)];
code(Leaf, _Scope) -> Leaf.

fun2ms_arguments([{'fun', _, {clauses, _}}] = LiteralFun, _Scope) -> LiteralFun;
fun2ms_arguments(Arguments, Scope) -> code(Arguments, Scope).

redirect({atom, Anno, ets}, Scope) -> {atom, Anno, Scope#scope.replacement}.

%%% Functions that apply a module, a function and arguments

%% Redirects `ets` at the first of the positions where it is a module. In rpc:multicall(M, ets, [], Timeout) it is a
%% function, in rpc:multicall(Nodes, ets, F, Arguments) a module: what follows a module is not a list.
redirect_argument([Position | Positions], Arguments, Scope) ->
    case lists:split(Position - 1, Arguments) of
        {Before, [{atom, _, ets} = Ets, Function | After]} when
            element(1, Function) =/= cons, element(1, Function) =/= nil
        ->
            Before ++ [redirect(Ets, Scope), Function | After];
        _ ->
            redirect_argument(Positions, Arguments, Scope)
    end;
redirect_argument([], Arguments, _Scope) ->
    Arguments.

%% Where a call of this function may have a module to apply.
positions({remote, _, {atom, _, Module}, {atom, _, Name}}, Arity, _Scope) ->
    module_positions(Module, Name, Arity);
positions({atom, _, Name}, Arity, #scope{module_of = ModuleOf}) ->
    module_positions(maps:get({Name, Arity}, ModuleOf, erlang), Name, Arity);
positions(_, _, _) ->
    [].

module_positions(erlang, apply, 3) -> [1];
module_positions(erlang, make_fun, 3) -> [1];
module_positions(erlang, spawn_monitor, 3) -> [1];
module_positions(erlang, spawn_monitor, 4) -> [2];
module_positions(erlang, spawn_request, 3) -> [1];
module_positions(erlang, spawn_request, 4) -> [1, 2];
module_positions(erlang, spawn_request, 5) -> [2];
module_positions(Module, Name, Arity) when Module =:= erlang; Module =:= proc_lib -> spawn_positions(Name, Arity);
module_positions(timer, apply_after, 4) -> [2];
module_positions(timer, apply_interval, 4) -> [2];
module_positions(timer, apply_repeatedly, 4) -> [2];
module_positions(timer, tc, 3) -> [1];
module_positions(timer, tc, 4) -> [1];
module_positions(rpc, async_call, 4) -> [2];
module_positions(rpc, block_call, 4) -> [2];
module_positions(rpc, block_call, 5) -> [2];
module_positions(rpc, call, 4) -> [2];
module_positions(rpc, call, 5) -> [2];
module_positions(rpc, cast, 4) -> [2];
module_positions(rpc, eval_everywhere, 3) -> [1];
module_positions(rpc, eval_everywhere, 4) -> [2];
module_positions(rpc, multicall, 3) -> [1];
module_positions(rpc, multicall, 4) -> [1, 2];
module_positions(rpc, multicall, 5) -> [2];
module_positions(erpc, call, 4) -> [2];
module_positions(erpc, call, 5) -> [2];
module_positions(erpc, cast, 4) -> [2];
module_positions(erpc, multicall, 4) -> [2];
module_positions(erpc, multicall, 5) -> [2];
module_positions(erpc, multicast, 4) -> [2];
module_positions(erpc, send_request, 4) -> [2];
module_positions(erpc, send_request, 6) -> [2];
module_positions(_, _, _) -> [].

spawn_positions(spawn, 3) -> [1];
spawn_positions(spawn, 4) -> [2];
spawn_positions(spawn_link, 3) -> [1];
spawn_positions(spawn_link, 4) -> [2];
spawn_positions(spawn_opt, 4) -> [1];
spawn_positions(spawn_opt, 5) -> [2];
spawn_positions(_, _) -> [].
