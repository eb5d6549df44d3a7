%% SPDX-License-Identifier: Apache-2.0
%%
%% Some functions of `ets` over the node tables of the stand-in; heirloom.erl has what they are made of.
-module(heirloom_ets).

-export([info/2, setopts/2, give_away/3, delete/1]).
-export([insert/2, lookup/2, lookup_element/3, update_counter/4, tab2list/1]).

info(Name, Item) ->
    heirloom:before(info, Name),
    Deed = ets:info(Name, owner),
    case heirloom:contents(Name) of
        undefined -> undefined;
        _ when Deed =:= undefined, Item =:= owner; Deed =:= undefined, Item =:= heir -> none;
        _ when Item =:= owner -> Deed;
        _ when Item =:= heir -> ets:info(Name, heir);
        {_, Protection} when Item =:= protection -> Protection;
        {Contents, _} -> ets:info(Contents, Item)
    end.

setopts(Name, Heir) -> ets:setopts(Name, Heir).

give_away(Name, Pid, Gift) ->
    heirloom:before(give_away, Name),
    ets:give_away(Name, Pid, Gift).

delete(Name) ->
    _ = to_write(Name),
    ok = heirloom:forget(Name),
    ets:delete(Name).

insert(Name, Objects) -> ets:insert(to_write(Name), Objects).

lookup(Name, Key) -> ets:lookup(to_read(Name), Key).

lookup_element(Name, Key, Position) -> ets:lookup_element(to_read(Name), Key, Position).

update_counter(Name, Key, Update, Default) -> ets:update_counter(to_write(Name), Key, Update, Default).

tab2list(Name) -> ets:tab2list(to_read(Name)).

to_read(Name) ->
    Self = self(),
    case heirloom:contents(Name) of
        {Contents, private} -> Self = ets:info(Name, owner), Contents;
        {Contents, _} -> Contents;
        undefined -> error(badarg)
    end.

to_write(Name) ->
    Owner = ets:info(Name, owner),
    case heirloom:contents(Name) of
        {Contents, public} -> Contents;
        {Contents, _} when Owner =:= self() -> Contents;
        _ -> error(badarg)
    end.
