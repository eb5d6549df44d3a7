%% SPDX-License-Identifier: Apache-2.0
%%
%% The keeper: makes tables, so that no table is lost between library and VM when the process that asked for it dies meanwhile, and
%% looks after the owners: whoever calls next finds out that one has died (heirloom_tables), and where nobody calls, the keeper does.
-module(heirloom_keeper).
-behaviour(gen_server).

-export([start_link/0, make/4, adopt/5, forget/1, watch/2, fixed/1, fix_guest/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-record(state, {
    made = #{} :: #{reference() => pid()},               % tables that are not adopted yet, and for whom
    watched = #{} :: #{pid() => {reference(), map()}},   % the shadows that a process owned or fixed when last heard of
    guests = #{} :: #{pid() => [{atom(), reference()}]}  % the tables of other programs that a process has fixed, as often as it has
}).

start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% {ok, Opened} or the library's error.
make(Which, Name, Options, Owner) -> gen_server:call(?MODULE, {make, Which, Name, Options, Owner}, infinity).
adopt(Opened, Keys, Tid, Protection, Which) ->
    gen_server:call(?MODULE, {adopt, Opened, Keys, Tid, self(), Protection, Which}, infinity).
%% One that was made is not adopted: it goes, or back to the node.
forget(Opened) -> gen_server:call(?MODULE, {forget, Opened}, infinity).
%% A process that may own the table of this shadow.
watch(Pid, Tid) -> gen_server:cast(?MODULE, {watch, Pid, Tid}).
%% The caller has fixed the table of this shadow, or let it go.
fixed(Tid) -> gen_server:call(?MODULE, {fixed, Tid}, infinity).
%% The caller fixes a table of another program, which has no shadow, or lets it go. {ok, true} or the library's error.
fix_guest(Name, Opened, Fix) -> gen_server:call(?MODULE, {fix_guest, Name, Opened, Fix, self()}, infinity).

init([]) ->
    case heirloom_nif:open(unicode:characters_to_binary(heirloom:directory())) of
        ok ->
            %% Of a keeper before this one.
            ok = heirloom_nif:lose_all(),
            {ok, lists:foldl(fun look_at_all/2, #state{}, heirloom_nif:keys())};
        {error, Code, Text} -> {stop, {Code, unicode:characters_to_list(Text)}}
    end.

handle_call({make, Which, Name, Options, Owner}, _From, State) ->
    %% Of those who died before they adopted what was made for them.
    Clean = lose_those_of(fun(Maker) -> not is_process_alive(Maker) end, State),
    case heirloom_nif:make(Which, Name, Options) of
        {ok, Opened} = Made ->
            {reply, Made, (watch_process(Owner, none, Clean))#state{made = (Clean#state.made)#{Opened => Owner}}};
        Error -> {reply, Error, Clean}
    end;
handle_call({adopt, Opened, Keys, Tid, Owner, Protection, Which}, _From, State) ->
    Unadopted = State#state{made = maps:remove(Opened, State#state.made)},
    case heirloom_nif:adopt(Opened, Keys, Tid, Owner, Protection, Which) of
        ok -> {reply, ok, watch_process(Owner, Tid, Unadopted)};
        Error -> {reply, Error, Unadopted}
    end;
handle_call({forget, Opened}, _From, State) ->
    ok = heirloom_nif:lose(Opened),
    {reply, ok, State#state{made = maps:remove(Opened, State#state.made)}};
handle_call({fixed, Tid}, {Pid, _}, State) -> {reply, ok, look(Tid, watch_process(Pid, Tid, State))};
handle_call({fix_guest, Name, Opened, Fix, Pid}, _From, #state{guests = Guests} = State) ->
    Fixed = maps:get(Pid, Guests, []),
    case {Fix, lists:keytake(Name, 1, Fixed)} of
        {true, _} ->
            case heirloom_nif:fix(Opened, true) of
                ok ->
                    Watching = watch_process(Pid, none, State),
                    {reply, {ok, true}, Watching#state{guests = Guests#{Pid => [{Name, Opened} | Fixed]}}};
                Error -> {reply, Error, State}
            end;
        {false, {value, {_, Was}, Others}} ->
            _ = heirloom_nif:fix(Was, false),
            {reply, {ok, true}, State#state{guests = Guests#{Pid => Others}}};
        {false, false} -> {reply, {ok, true}, State}
    end.

handle_cast({watch, Pid, Tid}, State) -> {noreply, watch_process(Pid, Tid, State)}.

handle_info({'DOWN', _, process, Pid, _}, State) ->
    {{_, Tids}, Watched} = maps:take(Pid, State#state.watched),
    [heirloom_nif:fix(Opened, false) || {_, Opened} <- maps:get(Pid, State#state.guests, [])],
    Guests = maps:remove(Pid, State#state.guests),
    Without = lose_those_of(fun(Maker) -> Maker =:= Pid end, State#state{watched = Watched, guests = Guests}),
    {noreply, lists:foldl(fun look/2, Without, maps:keys(Tids))};
handle_info(_, State) -> {noreply, State}.

lose_those_of(Is, #state{made = Made} = State) ->
    Lost = [Opened || {Opened, Maker} <- maps:to_list(Made), Is(Maker)],
    [heirloom_nif:lose(Opened) || Opened <- Lost],
    State#state{made = maps:without(Lost, Made)}.

%% Whoever owns the table by now is watched; a table without an owner goes. It is fixed for the library as long as its shadow is, whoever
%% fixed it how often. (Not by all who have: they may be thousands.)
look(Tid, State) ->
    case heirloom_tables:settle(Tid) of
        undefined -> State;
        Owner ->
            _ = heirloom_nif:keep_fixed(Tid, ets:info(Tid, fixed) =:= true),
            watch_process(Owner, Tid, State)
    end.

%% For the first time: those who have fixed it are watched, too.
look_at_all(Tid, State) ->
    Fixers = case ets:info(Tid, safe_fixed) of
                 {_, All} -> [Pid || {Pid, _} <- All];
                 _ -> []
             end,
    lists:foldl(fun(Pid, Watching) -> watch_process(Pid, Tid, Watching) end, look(Tid, State), Fixers).

watch_process(Pid, Tid, #state{watched = Watched} = State) ->
    {Monitor, Tids} = case Watched of
                          #{Pid := Known} -> Known;
                          _ -> {monitor(process, Pid), #{}}
                      end,
    More = case Tid of
               none -> Tids;
               _ -> without_the_gone(Tids#{Tid => []})
           end,
    State#state{watched = Watched#{Pid => {Monitor, More}}}.

%% Now and then.
without_the_gone(Tids) when map_size(Tids) rem 64 =:= 0 ->
    maps:filter(fun(Tid, _) -> ets:info(Tid, owner) =/= undefined end, Tids);
without_the_gone(Tids) -> Tids.
