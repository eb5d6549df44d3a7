%% SPDX-License-Identifier: Apache-2.0
%%
%% heirloom_etsmgr_srv: the ETS manager server. It makes a node table - or finds it as it was before the VM died -,
%% hands it to the process that find_me_function tells, gets it back when that process ends, and hands it to the
%% replacement.
%%
%%   #{id => sessions_table,
%%     start => {heirloom_etsmgr_srv, start_link,
%%               [[{table_id, session_server:table_id()},
%%                 {table_options, session_server:table_options()},
%%                 {find_me_function, fun session_server:find_me_function/0},
%%                 {gift_data, session_server:gift_data()}]]}}
%%
%% The table is in one of these places:
%%
%%   held --- give_away to whom find_me_function found ---> followed
%%        <-- 'ETS-TRANSFER': that process ended ----------
%%
%%   lost: nobody has it, or a process of another program; it is claimed as soon as that is possible
%%
%% The manager is the heir of the table, which brings it back at once. Where it is not - it was restarted while a user
%% had the table, or the user chose another heir - it monitors the owner, and claims the table when that one ends: a
%% node table without an heir falls to its node, and stays whole. Messages only say that it is time to look who owns the
%% table, so that neither their order nor a late one matters.
%%
%% Why not a link to the user, as in other ETS managers? The end of either would reach the other.
-module(heirloom_etsmgr_srv).
-behaviour(gen_server).

-export([start_link/1, start_link/2, default_table_options/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).
-export_type([find_me_fun/0, crashes/0, option/0, options/0, start_error/0]).

-include_lib("kernel/include/logger.hrl").

%% Whom to hand the table to, if there is anybody. It is called in a process of its own, one call at a time, again after
%% growing pauses of at most 250 ms until it gives a process that lives; it may block, fail (which is logged) or give
%% the dead: the table waits with the manager.
-type find_me_fun() :: fun(() -> pid() | undefined).

%% Data that kills who reads it kills every successor. When `deaths` users have crashed - ended with another reason than
%% normal, shutdown or {shutdown, _} - within `within` ms, the table is handed over after a pause only, which doubles
%% from `pause_min` to `pause_max` ms; each is logged. 0 deaths: none is a loop.
-type crashes() :: #{deaths => non_neg_integer(), within => pos_integer(),
                     pause_min => pos_integer(), pause_max => pos_integer()}.

-type option() ::
        {table_id, atom()}                    % the name of the table
      | {table_options, [term()]}             % those of ets:new/2; `heir` is the manager's own affair, and left out
      | {find_me_function, find_me_fun()}
      | {find_me, find_me_fun()}              % the same
      | {gift_data, term()}                   % of each 'ETS-TRANSFER', to the user and back; `ok` by default
      | local | {local, boolean()}            % find_me_function may be missing: the table stays with the manager
      | {crashes, crashes()}.                 % 10 deaths within 10000 ms, pauses from 100 to 10000 ms by default
-type options() :: [option()].

-type start_error() ::
        {unknown_option, term()} | {missing_option, atom()} | {bad_option, term()}
      | {table_id_taken, atom(), pid()}       % that process manages the table
      | {table_not_opened, atom(), term()}.   % why: the cause that heirloom:open_or_create/2 gave

%% In milliseconds.
-define(FIND_ME_PAUSE_MIN, 10).
-define(FIND_ME_PAUSE_MAX, 250).
-define(CLAIM_PAUSE_MAX, 1000).
%% Then a call of find_me_function that has not returned is worth a line.
-define(FIND_ME_IS_SLOW, 10000).
%% How often it is looked who has the table, while nothing would tell that it changed hands.
-define(FOLLOW_PAUSE, 1000).
%% The same complaint is logged so often at most.
-define(COMPLAINT_PAUSE, 60000).
%% What another moment may change, of the causes for which a table is not opened.
-define(PASSING, [already_owned, quarantined, no_manager, timed_out, full, system_limit, id]).

-define(ATOM_LENGTH_MAX, 255).

-type milliseconds() :: integer().

-record(state, {
    name :: atom(),
    table_options :: [term()],
    find_me :: find_me_fun() | undefined,
    gift_data :: term(),
    crashes :: crashes(),
    place = lost :: held
                  | {returned, reference()}          % held, and the 'DOWN' that tells how its user ended is on its way
                  | {followed, pid(), reference()}   % of that process, which is monitored
                  | lost,
    finder :: {pid(), Since :: milliseconds()} | undefined,    % only while the table is held
    avoided :: pid() | undefined,                    % it gave the table back, and gets it after another process only
    timer :: reference() | undefined,
    pause = ?FIND_ME_PAUSE_MIN :: milliseconds(),    % before the next attempt
    crash_times = [] :: [milliseconds()],
    crash_pause_ends :: milliseconds() | undefined,
    complaints = #{} :: #{atom() => milliseconds()}  % when it was logged
}).

%% ------------------------------------------------------------------------------------------------------------- the API

%% The manager of a table, under no name. When it returns, the table exists; if it cannot be had just now - a process of
%% another program owns it, the node does not answer, it is set aside - it is waited for, which is logged.
-spec start_link(options()) -> {ok, pid()} | {error, start_error()}.
start_link(Options) ->
    case checked(Options) of
        {ok, Checked} -> gen_server:start_link(?MODULE, Checked, []);
        Error -> Error
    end.

%% The same, registered under a name.
-spec start_link(atom() | {local, atom()} | {global, term()} | {via, module(), term()}, options()) ->
          {ok, pid()} | {error, start_error() | {already_started, pid()}}.
start_link(Name, Options) when is_atom(Name) ->
    start_link({local, Name}, Options);
start_link(Name, Options) ->
    case checked(Options) of
        {ok, Checked} -> gen_server:start_link(Name, ?MODULE, Checked, []);
        Error -> Error
    end.

-spec default_table_options() -> [term()].
default_table_options() -> [set, protected, {keypos, 2}].

%% --------------------------------------------------------------------------------------------------------- the options

-spec checked(term()) -> {ok, #state{}} | {error, start_error()}.
checked(Options) ->
    try
        is_proper_list(Options) orelse throw({bad_option, Options}),
        lists:foreach(fun check/1, Options),
        Name = given(table_id, Options, undefined),
        Name =/= undefined orelse throw({missing_option, table_id}),
        FindMe = given(find_me_function, Options, given(find_me, Options, undefined)),
        FindMe =/= undefined orelse proplists:get_bool(local, Options)
            orelse throw({missing_option, find_me_function}),
        TableOptions = given(table_options, Options, default_table_options()),
        Crashes = #{deaths => 10, within => 10000, pause_min => 100, pause_max => 10000},
        {ok, #state{name = Name,
                    table_options = [Option || Option <- TableOptions, not is_heir(Option)],
                    find_me = FindMe,
                    gift_data = proplists:get_value(gift_data, Options, ok),
                    crashes = maps:merge(Crashes, given(crashes, Options, #{}))}}
    catch
        throw:Reason -> {error, Reason}
    end.

is_proper_list(List) ->
    try length(List) of
        _ -> true
    catch
        error:badarg -> false
    end.

%% An option whose value is `undefined` is not given.
given(Key, Options, Default) ->
    case proplists:get_value(Key, Options, undefined) of
        undefined -> Default;
        Value -> Value
    end.

check(local) -> ok;
check({gift_data, _}) -> ok;
check({Key, Value} = Option) ->
    case is_valid(Key, Value) of
        true -> ok;
        false when Value =:= undefined, Key =/= local -> ok;
        false -> throw({bad_option, Option});
        unknown -> throw({unknown_option, Key})
    end;
check(Option) -> throw({unknown_option, Option}).

is_valid(table_id, undefined) -> false;
is_valid(table_id, Name) -> is_atom(Name) andalso length(place_of(Name)) =< ?ATOM_LENGTH_MAX;
is_valid(table_options, Options) -> is_proper_list(Options);
is_valid(find_me_function, FindMe) -> is_function(FindMe, 0);
is_valid(find_me, FindMe) -> is_function(FindMe, 0);
is_valid(local, Local) -> is_boolean(Local);
is_valid(crashes, #{} = Crashes) -> lists:all(fun is_crash_limit/1, maps:to_list(Crashes));
is_valid(crashes, _) -> false;
is_valid(_, _) -> unknown.

is_crash_limit({deaths, Deaths}) -> is_integer(Deaths) andalso Deaths >= 0;
is_crash_limit({Key, Ms}) -> lists:member(Key, [within, pause_min, pause_max]) andalso is_integer(Ms) andalso Ms > 0.

is_heir(Option) -> is_tuple(Option) andalso tuple_size(Option) > 0 andalso element(1, Option) =:= heir.

%% -------------------------------------------------------------------------------------------------------- what happens

-spec init(#state{}) -> {ok, #state{}}.
init(#state{name = Name} = State) ->
    process_flag(trap_exit, true),
    take_place(Name),
    {ok, look(State)}.

-spec handle_call(term(), gen_server:from(), #state{}) -> {reply, {error, not_implemented}, #state{}}.
handle_call(_Request, _From, State) ->
    {reply, {error, not_implemented}, State}.

-spec handle_cast(term(), #state{}) -> {noreply, #state{}}.
handle_cast(_Message, State) ->
    {noreply, State}.

-spec handle_info(term(), #state{}) -> {noreply, #state{}}.
handle_info({'ETS-TRANSFER', Name, From, _Data}, #state{name = Name} = State) ->
    {noreply, transferred(From, State)};
handle_info({'ETS-TRANSFER', Table, From, _Data}, #state{name = Name} = State) ->
    ?LOG_WARNING("table manager of ~tw: got the table ~tw from ~w, which it does not manage", [Name, Table, From]),
    {noreply, State};
handle_info({'DOWN', Monitor, process, _, Reason}, #state{place = {followed, _, Monitor}} = State) ->
    %% No 'ETS-TRANSFER' has come before: the heir is another, or the table had been given away or deleted.
    {noreply, look(judge(Reason, State#state{place = lost}))};
handle_info({'DOWN', Monitor, process, _, Reason}, #state{place = {returned, Monitor}} = State) ->
    {noreply, look_for_user(judge(Reason, State#state{place = held}))};
handle_info({found, Finder, Answer}, #state{finder = {Finder, _}} = State) ->
    {noreply, answered(Answer, State#state{finder = undefined})};
handle_info({'EXIT', Finder, Reason}, #state{finder = {Finder, _}} = State) ->
    {noreply, answered({failed, {exit, Reason, []}}, State#state{finder = undefined})};
handle_info({timeout, Timer, again}, #state{timer = Timer} = State) ->
    {noreply, again(State#state{timer = undefined})};
handle_info(_Late, State) ->
    {noreply, State}.

%% A table that is held here falls to the node. The link would not end a finder when this process ends with `normal`.
-spec terminate(term(), #state{}) -> ok.
terminate(_Reason, #state{finder = {Finder, _}}) ->
    exit(Finder, kill),
    ok;
terminate(_Reason, _State) ->
    ok.

%% --------------------------------------------------------------------------------------------- having the table or not

%% One manager a table: whoever makes an ETS table of this name. ETS deletes it when the manager ends, whatever the
%% reason, before anybody is told of that; so a supervisor can start the next one at once.
take_place(Name) ->
    Place = list_to_atom(place_of(Name)),
    try ets:new(Place, [named_table]) of
        Place -> ok
    catch
        error:badarg ->
            case ets:info(Place, owner) of
                undefined -> take_place(Name);
                Manager -> exit({table_id_taken, Name, Manager})
            end
    end.

place_of(Name) -> "table_manager:" ++ atom_to_list(Name).

%% Looks who owns the table, and acts on that.
look(State) ->
    Owner = info(owner, State),
    case is_alive_here(Owner) of
        true when Owner =:= self() -> hold(State);
        true -> follow(Owner, State);
        false -> claim(State)
    end.

info(Item, #state{name = Name}) ->
    try
        heirloom_ets:info(Name, Item)
    catch
        error:_ -> undefined
    end.

is_alive_here(Pid) -> is_pid(Pid) andalso node(Pid) =:= node() andalso is_process_alive(Pid).

claim(#state{name = Name, table_options = Options} = State) ->
    try heirloom:open_or_create(Name, Options) of
        _ -> hold(State)
    catch
        error:Reason:Stack -> not_claimed(cause(Reason, Stack), State)
    end.

not_claimed(Cause, #state{name = Name} = State) ->
    Owner = info(owner, State),
    Passes = lists:member(Cause, ?PASSING),
    case is_alive_here(Owner) of
        true -> look(State);    % it was quicker
        false when Passes ->
            retry_later(?CLAIM_PAUSE_MAX, let_go(lost, complain_not_claimed(Cause, Owner, State)));
        false ->
            ets:delete(list_to_existing_atom(place_of(Name))),    % free before start_link/1 returns
            exit({table_not_opened, Name, Cause})
    end.

%% Not at the first attempt: the node may hear of its owner's end a moment later than this process.
complain_not_claimed(_, _, #state{pause = ?FIND_ME_PAUSE_MIN} = State) -> State;
complain_not_claimed(Cause, Owner, State) ->
    complain(not_claimed, "it cannot be had: ~tw; the owner is ~tw", [Cause, Owner], State).

%% The cause that a badarg of ETS carries, if it does.
cause(Reason, [{_, _, _, Info} | _]) ->
    case proplists:get_value(error_info, Info) of
        #{cause := Cause} -> Cause;
        _ -> Reason
    end;
cause(Reason, _) -> Reason.

%% `From` has ended, or gave the table.
transferred(From, State) ->
    Owner = info(owner, State),
    Alive = is_alive_here(From),
    case State#state.place of
        held -> State;
        {returned, _} -> State;
        _ when Owner =/= self() -> State;    % handed on since
        {followed, From, Monitor} when not Alive -> stop_timer(State#state{place = {returned, Monitor}});
        _ when Alive -> hold(State#state{avoided = From});
        _ -> hold(State)
    end.

hold(State) ->
    look_for_user(let_go(held, State)).

%% One that made the table itself, or was given it by another than this manager.
follow(Owner, State) ->
    Following = let_go({followed, Owner, monitor(process, Owner)}, State),
    case info(heir, State) of
        Heir when Heir =:= self() -> Following;
        _ -> set_timer(?FOLLOW_PAUSE, Following)
    end.

let_go(Place, #state{place = {followed, _, Monitor}} = State) ->
    demonitor(Monitor, [flush]),
    stop_timer(State#state{place = Place});
let_go(Place, State) ->
    stop_timer(State#state{place = Place}).

again(#state{place = held} = State) -> look_for_user(State);
again(#state{place = lost} = State) -> look(State);
again(#state{place = {followed, Owner, _}} = State) ->
    case info(owner, State) of
        Owner -> set_timer(?FOLLOW_PAUSE, State);
        undefined -> set_timer(?FOLLOW_PAUSE, State);    % deleted; it is made anew when that process has ended
        _ -> look(State)
    end;
again(State) -> State.

%% ---------------------------------------------------------------------------------------------------- finding its user

look_for_user(#state{find_me = undefined} = State) -> State;
look_for_user(#state{finder = Finder} = State) ->
    Now = now_ms(),
    case State#state.crash_pause_ends of
        Ends when is_integer(Ends), Ends > Now -> set_timer(Ends - Now, State);
        _ when Finder =:= undefined -> ask(State);
        _ -> wait_for_finder(Now, State)
    end.

ask(#state{find_me = FindMe} = State) ->
    Manager = self(),
    Finder = spawn_link(fun() -> Manager ! {found, self(), call(FindMe)} end),
    set_timer(?FIND_ME_IS_SLOW, State#state{finder = {Finder, now_ms()}}).

call(FindMe) ->
    try
        {ok, FindMe()}
    catch
        Class:Reason:Stack -> {failed, {Class, Reason, Stack}}
    end.

wait_for_finder(Now, #state{finder = {_, Since}} = State) when Now - Since < ?FIND_ME_IS_SLOW ->
    set_timer(Since + ?FIND_ME_IS_SLOW - Now, State);
wait_for_finder(Now, #state{finder = {Finder, Since}} = State) ->
    Waiting = complain(slow, "find_me_function (~w) has not returned for ~w s; the table waits",
                       [Finder, (Now - Since) div 1000], State),
    set_timer(?FIND_ME_IS_SLOW, Waiting).

answered({ok, undefined}, State) -> not_now(State);
answered({ok, User}, #state{avoided = User} = State) ->
    not_now(complain(avoided, "find_me_function gives ~w, which gave it back; another is waited for", [User], State));
answered({ok, User}, State) when is_pid(User), User =/= self(), node(User) =:= node() ->
    hand_over(User, State);
answered({ok, Answer}, State) ->
    not_now(complain(no_user, "find_me_function gives ~0tP: no other process of this VM", [Answer, 12], State));
answered({failed, {Class, Reason, Stack}}, State) ->
    not_now(complain(failed, "find_me_function failed: ~w ~0tP, ~0tP", [Class, Reason, 24, Stack, 24], State)).

%% What fails here - the user ended since it was found, the table was deleted meanwhile - leaves the table where it is.
hand_over(User, #state{name = Name, gift_data = Gift} = State) ->
    Monitor = monitor(process, User),    % before, so as to learn how it ends
    try
        true = heirloom_ets:setopts(Name, {heir, self(), Gift}),
        true = heirloom_ets:give_away(Name, User, Gift),
        ?LOG_DEBUG("table manager of ~tw: gave it to ~w", [Name, User]),
        Followed = let_go({followed, User, Monitor}, State),
        Followed#state{pause = ?FIND_ME_PAUSE_MIN, avoided = undefined, crash_pause_ends = undefined}
    catch
        error:Reason:Stack ->
            demonitor(Monitor, [flush]),
            not_handed_over(User, cause(Reason, Stack), State)
    end.

not_handed_over(User, Cause, State) ->
    case info(owner, State) =:= self() of
        true ->
            case is_process_alive(User) of
                true -> not_now(complain(refused, "~w cannot be given it: ~tw", [User, Cause], State));
                false -> not_now(State)
            end;
        false ->
            Lost = complain(gone, "it was deleted, renamed or taken (~tw); it is looked for", [Cause], State),
            retry_later(?CLAIM_PAUSE_MAX, let_go(lost, Lost))
    end.

not_now(State) -> retry_later(?FIND_ME_PAUSE_MAX, State).

%% ---------------------------------------------------------------------------------------------------- users that crash

judge(Reason, #state{crashes = #{deaths := Deaths, within := Within}} = State) when Deaths > 0 ->
    Now = now_ms(),
    case is_crash(Reason) of
        false -> State;
        true ->
            Recent = [Time || Time <- State#state.crash_times, Time > Now - Within],
            Times = lists:sublist([Now | Recent], Deaths + 30),
            pause(length(Times), Reason, State#state{crash_times = Times})
    end;
judge(_, State) -> State.

is_crash(normal) -> false;
is_crash(shutdown) -> false;
is_crash({shutdown, _}) -> false;
is_crash(noproc) -> false;    % it had ended when it was first looked at; how, nobody knows
is_crash(_) -> true.

pause(Count, _, #state{crashes = #{deaths := Deaths}} = State) when Count < Deaths -> State;
pause(Count, Reason, #state{name = Name, crashes = Crashes} = State) ->
    #{deaths := Deaths, within := Within, pause_min := Min, pause_max := Max} = Crashes,
    Pause = min(Max, Min bsl (Count - Deaths)),
    ?LOG_ERROR("table manager of ~tw: ~w of its users crashed within ~w ms: it is handed over again after a pause of "
               "~w ms; the last one ended with ~0tP", [Name, Count, Within, Pause, Reason, 24]),
    State#state{crash_pause_ends = now_ms() + Pause}.

%% --------------------------------------------------------------------------------------------------- time, and the log

retry_later(Longest, #state{pause = Pause} = State) ->
    set_timer(min(Pause, Longest), State#state{pause = min(2 * Pause, ?CLAIM_PAUSE_MAX)}).

set_timer(Ms, State) ->
    (stop_timer(State))#state{timer = erlang:start_timer(Ms, self(), again)}.

stop_timer(#state{timer = undefined} = State) -> State;
stop_timer(#state{timer = Timer} = State) ->
    _ = erlang:cancel_timer(Timer),
    State#state{timer = undefined}.

now_ms() -> erlang:monotonic_time(millisecond).

%% What lasts is said once a minute.
complain(Kind, Format, Arguments, #state{name = Name, complaints = Complaints} = State) ->
    Now = now_ms(),
    case Complaints of
        #{Kind := Time} when Now - Time < ?COMPLAINT_PAUSE -> State;
        _ ->
            ?LOG_WARNING("table manager of ~tw: " ++ Format, [Name | Arguments]),
            State#state{complaints = Complaints#{Kind => Now}}
    end.
