# SPDX-License-Identifier: Apache-2.0
#
# Shopping carts in a table that outlives its server: it does not make the table, but is handed it, and so is its replacement.
defmodule Carts do
  use GenServer

  # What the manager has to know.
  def table_id, do: :carts
  def table_options, do: [:set, :protected, keypos: 1]
  def find_me, do: Process.whereis(__MODULE__) || :undefined

  def start_link(_), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  def put(customer, article), do: GenServer.call(__MODULE__, {:put, customer, article})

  # Reads ask nobody: they happen in the process that calls.
  def get(customer) do
    case :heirloom_ets.lookup(table_id(), customer) do
      [{_, articles}] -> articles
      [] -> []
    end
  end

  @impl true
  def init(nil), do: {:ok, :no_table_yet}

  @impl true
  def handle_info({:"ETS-TRANSFER", table, _manager, :ok}, :no_table_yet) do
    IO.puts("the server has the table, with #{:heirloom_ets.info(table, :size)} carts")
    {:noreply, table}
  end

  @impl true
  def handle_call(_, _, :no_table_yet), do: {:reply, :no_table_yet, :no_table_yet}

  def handle_call({:put, customer, article}, _, table) do
    true = :heirloom_ets.insert(table, {customer, [article | get(customer)]})
    {:reply, :ok, table}
  end
end
