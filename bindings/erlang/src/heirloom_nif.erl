%% SPDX-License-Identifier: Apache-2.0
%%
%% The library, as it is called from Erlang. For the modules of this application alone.
%%
%% A Key is what names a table: its identifier, or its name. Opened is a reference to a table that is open; it knows no owner. Every
%% function but those that say otherwise returns ok, {ok, Result}, or {error, Code, Text}, where Code is one of heirloom/error.hpp.
%% Where a function says unknown, there is no such table in this VM. {unsettled, Tid}: its owner has died, and the shadow Tid must
%% be asked who has it now.
-module(heirloom_nif).

-export([add/3, adopt/6, call/4, call_long/4, change_on/1, drop/1, erase/2, evict/1, find/1, fix/2, give/2, guest/1, info/1,
         inherited/2, insert/2, keep_fixed/2, keys/0, lookup/2, lose/1, lose_all/0, make/3, member/2, open/1, remove/2,
         rename/2, rename_key/2, select/3, select_chunk/4, select_rest/2, set_protection/2, type/1]).
-on_load(load/0).

load() ->
    Directory = case code:priv_dir(heirloom) of
                    {error, bad_name} -> filename:join([filename:dirname(code:which(?MODULE)), "..", "priv"]);
                    Found -> Found
                end,
    erlang:load_nif(filename:join(Directory, "heirloom_nif"), none).

%% Opens the node in this directory; once for the VM.
open(_Directory) -> erlang:nif_error(not_loaded).
%% Makes a table for this VM: `owned`, which goes with its owner, or a `node_table`; an owned one also `unnamed`. {ok, Opened}.
make(_Which, _Name, _Options) -> erlang:nif_error(not_loaded).
%% From now on these Keys are this table, its owner is this process, and its shadow this one.
adopt(_Opened, _Keys, _Tid, _Owner, _Protection, _Which) -> erlang:nif_error(not_loaded).
%% From now on this name is the table that another program has under it. true, or false: there is none.
guest(_Name) -> erlang:nif_error(not_loaded).
%% Forgets a table of another program; true: there was one.
evict(_Key) -> erlang:nif_error(not_loaded).
%% {table, Opened, Tid, Which}, or unknown. Tid is [] and Which is guest for a table of another program.
find(_Key) -> erlang:nif_error(not_loaded).
%% Its owner has died, and this process has it now. false: its owner lives.
inherited(_Tid, _Owner) -> erlang:nif_error(not_loaded).
%% Its owner gives it to this process.
give(_Tid, _Owner) -> erlang:nif_error(not_loaded).
%% The table is not known any more. Why is deleted, or ownerless: then a node table falls to its node.
remove(_Tid, _Why) -> erlang:nif_error(not_loaded).
drop(_Opened) -> erlang:nif_error(not_loaded).
rename(_Opened, _Name) -> erlang:nif_error(not_loaded).
rename_key(_Before, _After) -> erlang:nif_error(not_loaded).
set_protection(_Tid, _Protection) -> erlang:nif_error(not_loaded).
fix(_Opened, _Fix) -> erlang:nif_error(not_loaded).
%% From now on the table is fixed, or is not; until it is removed.
keep_fixed(_Tid, _Fixed) -> erlang:nif_error(not_loaded).
%% The list of ets:info/1, as the library tells it.
info(_Opened) -> erlang:nif_error(not_loaded).
%% As it was made; the atom alone.
type(_Opened) -> erlang:nif_error(not_loaded).
%% The identifiers of all tables that processes of this VM own.
keys() -> erlang:nif_error(not_loaded).
%% A table that was made is not adopted: it goes, or back to the node; all that were made are not.
lose(_Opened) -> erlang:nif_error(not_loaded).
lose_all() -> erlang:nif_error(not_loaded).
%% What ets says of the same, or slow: nothing has happened, call/4 tells why, or does it. erase is ets:delete/2, and add is
%% update_counter/3 by an integer. More objects than a scheduler may insert at once are slow.
lookup(_Key, _Term) -> erlang:nif_error(not_loaded).
member(_Key, _Term) -> erlang:nif_error(not_loaded).
insert(_Key, _Objects) -> erlang:nif_error(not_loaded).
erase(_Key, _Term) -> erlang:nif_error(not_loaded).
add(_Key, _Term, _Increment) -> erlang:nif_error(not_loaded).
%% The function of ets by that name, of all objects, in steps: select, match and their sisters. The matches come in the opposite order; of
%% those that delete or replace, how many they were. These do not wait for locks, either: {busy, Selecting, Done}, how many it were so far.
select(_Key, _Function, _What) -> erlang:nif_error(not_loaded).
%% The same of some of them: {ok, {Matches, Rest}} or {ok, '$end_of_table'}. Rest is where the next ones are, or '$end_of_table'.
select_chunk(_Key, _Function, _What, _Limit) -> erlang:nif_error(not_loaded).
select_rest(_Key, _Rest) -> erlang:nif_error(not_loaded).
%% Goes on there; as select.
change_on(_Selecting) -> erlang:nif_error(not_loaded).
%% The function of ets by that name, of the table, with the arguments behind it. Right is read or write: what the caller must be allowed; or
%% ask, which all may. Also unknown and {unsettled, Tid}, as select and its sisters. call does not wait for locks: {error, busy, _}; call_long is
%% for what may take long.
call(_Key, _Right, _Function, _Arguments) -> erlang:nif_error(not_loaded).
call_long(_Key, _Right, _Function, _Arguments) -> erlang:nif_error(not_loaded).
