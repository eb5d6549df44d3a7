%% SPDX-License-Identifier: Apache-2.0
%%
%% What Heirloom adds to ets: tables that outlive the VM. Everything else is heirloom_ets, which has the functions of ets.
%%
%%   {ok, _} = application:ensure_all_started(heirloom),
%%   sessions = heirloom:open_or_create(sessions, [set, public]),
%%   heirloom_ets:insert(sessions, {alice, 41}).
-module(heirloom).

-export([directory/0, open_or_create/2]).

%% Of the node: the application's environment `directory`, else $HEIRLOOM_NODE, else one of the user's own in /dev/shm. Programs that
%% have opened the same directory see the same named tables.
-spec directory() -> file:filename().
directory() ->
    case application:get_env(heirloom, directory) of
        {ok, Directory} -> Directory;
        undefined ->
            case os:getenv("HEIRLOOM_NODE") of
                Directory when is_list(Directory), Directory =/= "" -> Directory;
                _ -> "/dev/shm/heirloom-" ++ os:getenv("USER", "erlang")
            end
    end.

%% The node table of this name, which outlives its owners, and the VM, until it is deleted: made if there is none, and found with all that
%% is in it. The caller owns it. Options as heirloom_ets:new/2; it is named. Errors: badarg with the cause already_owned when a
%% living process owns it, here or in another program; badarg when it exists with another type or keypos.
-spec open_or_create(atom(), list()) -> atom().
open_or_create(Name, Options) ->
    case heirloom_tables:node_table(Name, Options) of
        {ok, Name} -> Name;
        Error -> erlang:error(heirloom_tables:reason(Error), [Name, Options], heirloom_tables:options(Error))
    end.
