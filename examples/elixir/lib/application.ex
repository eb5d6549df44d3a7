# SPDX-License-Identifier: Apache-2.0
#
# Starts the manager of the table, then the server that writes to it. They live and die apart.
defmodule Carts.Application do
  use Application

  @impl true
  def start(_type, _arguments) do
    manager = %{
      id: :carts_table,
      start:
        {:heirloom_etsmgr_srv, :start_link,
         [[table_id: Carts.table_id(), table_options: Carts.table_options(), find_me_function: &Carts.find_me/0]]}
    }

    Supervisor.start_link([manager, Carts], strategy: :one_for_one)
  end
end
