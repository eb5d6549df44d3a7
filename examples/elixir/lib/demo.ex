# SPDX-License-Identifier: Apache-2.0
#
# What `run` shows, in two lives of a VM.
defmodule Carts.Demo do
  def first_life do
    put("alice", "tea")
    Process.exit(Process.whereis(Carts), :kill)
    put("alice", "cake")
    IO.puts("alice has #{inspect(Carts.get("alice"))}; the VM is killed")
    System.cmd("kill", ["-KILL", System.pid()])
  end

  # Ends with status 1 if something is missing.
  def second_life do
    articles = Carts.get("alice")
    IO.puts("alice has #{inspect(articles)}")
    put("alice", "milk")
    System.halt(if articles == ["cake", "tea"], do: 0, else: 1)
  end

  # Until a server answers that has the table: there may be none just now.
  defp put(customer, article) do
    if try_put(customer, article) != :ok do
      Process.sleep(1)
      put(customer, article)
    end
  end

  defp try_put(customer, article) do
    Carts.put(customer, article)
  catch
    :exit, _ -> :no_server
  end
end
