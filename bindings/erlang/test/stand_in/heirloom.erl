%% SPDX-License-Identifier: Apache-2.0
%%
%% A stand-in for the application `heirloom` in tests of what stands on it: node tables that outlive their owners, made
%% of ordinary ones; so they do not outlive the VM.
%%
%% A node table is two tables of ETS. Its *deed*, named and empty, belongs to its owner: ETS gives it to the heir or
%% deletes it, and sends the messages, in the order that ETS promises. Its *contents* belong to the process `heirloom`,
%% which never ends. Contents without a deed are a table that nobody owns.
-module(heirloom).
-behaviour(application).
-behaviour(gen_server).

-export([open_or_create/2, before/2, contents/1, forget/1]).
-export([start/2, stop/1, init/1, handle_call/3, handle_cast/2]).

-spec open_or_create(atom(), [term()]) -> atom().
open_or_create(Name, Options) ->
    before(open_or_create, Name),
    Heir = [Option || Option <- Options, is_tuple(Option), element(1, Option) =:= heir],
    try ets:new(Name, [named_table, public | Heir]) of
        Name ->
            case gen_server:call(?MODULE, {ensure, Name, Options}, infinity) of
                ok -> Name;
                badarg ->
                    ets:delete(Name),
                    erlang:error(badarg, [Name, Options])
            end
    catch
        error:badarg -> erlang:error(badarg, [Name, Options], [{error_info, #{cause => already_owned}}])
    end.

%% What a test wants to happen at the beginning of a call, in the process that calls: it says so by
%% persistent_term:put({heirloom, Call, Name}, Function).
-spec before(atom(), atom()) -> term().
before(Call, Name) -> (persistent_term:get({?MODULE, Call, Name}, fun() -> nothing end))().

%% The table that holds the objects, and the protection that was asked for.
-spec contents(atom()) -> {ets:tid(), atom()} | undefined.
contents(Name) ->
    case ets:lookup(?MODULE, Name) of
        [{_, Contents, Protection}] -> {Contents, Protection};
        [] -> undefined
    end.

-spec forget(atom()) -> ok.
forget(Name) -> gen_server:call(?MODULE, {forget, Name}, infinity).

start(_Type, _Arguments) -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

stop(_State) -> ok.

init([]) ->
    ?MODULE = ets:new(?MODULE, [named_table]),
    {ok, nothing}.

handle_call({ensure, Name, Options}, _From, State) ->
    {reply, ensure(Name, Options), State};
handle_call({forget, Name}, _From, State) ->
    {Contents, _} = contents(Name),
    ets:delete(?MODULE, Name),
    ets:delete(Contents),
    {reply, ok, State}.

handle_cast(_Message, State) -> {noreply, State}.

ensure(Name, Options) ->
    try
        undefined =:= contents(Name) andalso begin
            Unnamed = [Option || Option <- Options, Option =/= named_table],
            Like = ets:new(Name, Unnamed),
            Protection = ets:info(Like, protection),
            ets:delete(Like),
            Contents = ets:new(Name, Unnamed ++ [public]),
            ets:insert(?MODULE, {Name, Contents, Protection})
        end,
        ok
    catch
        error:badarg -> badarg
    end.
