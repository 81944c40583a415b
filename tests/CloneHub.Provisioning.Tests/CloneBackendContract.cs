using CloneHub.Contracts;
using CloneHub.Testing;
using MySqlConnector;

namespace CloneHub.Provisioning.Tests;

/// <summary>What every back end promises, whatever it is made of.</summary>
public abstract class CloneBackendContract
{
    private protected abstract ICloneBackend Backend { get; }

    private protected abstract JobSecrets Secrets { get; }

    /// <summary>Administrator of the clones' databases.</summary>
    private protected abstract string MariaDb { get; }

    private protected abstract CloneOrder NewOrder();

    /// <summary>What the clone's web server itself says of the clone; null if nothing answers.</summary>
    private protected abstract Task<string?> AskAsync(CloneOrder order);

    /// <summary>What the public gets at the clone's address; null unless it is an answer of the clone.</summary>
    private protected abstract Task<string?> VisitAsync(CloneOrder order);

    /// <summary>Takes away, as an accident or an operator would, what makes the clone answer.</summary>
    private protected abstract Task BreakAsync(CloneOrder order);

    /// <summary>A new program over what the old one left.</summary>
    private protected abstract Task RestartAsync();

    [ContractFact]
    public async Task Every_step_may_be_done_twice()
    {
        var order = NewOrder();
        foreach (var fence in (long[])[1, 2])
        {
            await CreateAsync(order, fence);
            await StartAsync(order, fence);
        }

        var first = await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        var second = await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 4), order, default);
        Assert.Equal(first, second);
        Assert.Contains(order.Job.Value, first.Host, StringComparison.Ordinal);

        await RemoveAsync(order, 5);
        await RemoveAsync(order, 6);
        Assert.Null(await FindAsync(order));
    }

    [ContractFact]
    public async Task An_older_attempt_than_the_newest_is_refused_everywhere()
    {
        var order = NewOrder();
        await CreateAsync(order, 7);

        await Assert.ThrowsAsync<OvertakenException>(() => CreateAsync(order, 6));
        await Assert.ThrowsAsync<OvertakenException>(() => StartAsync(order, 6));
        await Assert.ThrowsAsync<OvertakenException>(
            () => Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 6), order, Secrets, default));
        await Assert.ThrowsAsync<OvertakenException>(() => Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 6), order, default));
        await Assert.ThrowsAsync<OvertakenException>(() => RemoveAsync(order, 6));
    }

    [ContractFact]
    public async Task A_removed_clone_does_not_come_back_by_an_attempt_that_was_under_way()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await RemoveAsync(order, 2);

        await Assert.ThrowsAsync<OvertakenException>(() => CreateAsync(order, 1));
        Assert.Null(await FindAsync(order));
    }

    [ContractFact]
    public async Task A_removed_clone_does_not_come_back_by_a_newer_attempt_either()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await RemoveAsync(order, 2);

        await Assert.ThrowsAsync<OvertakenException>(() => StartAsync(order, 3));
        Assert.Null(await FindAsync(order));
    }

    [ContractFact]
    public async Task A_removal_beats_an_attempt_that_is_under_way()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        using var stop = new CancellationTokenSource();
        var start = Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 2), order, Secrets, null, stop.Token);

        // It may stumble over what the attempt has just written; its job asks again then.
        await Record.ExceptionAsync(() => RemoveAsync(order, 3));

        // As the step runner does once a newer order has come.
        await stop.CancelAsync();
        await Record.ExceptionAsync(() => start);
        await RemoveAsync(order, 4);
        Assert.Null(await FindAsync(order));
        Assert.Null(await AskAsync(order));
    }

    [ContractFact]
    public async Task Of_attempts_at_the_same_time_the_newest_holds_the_clone()
    {
        var order = NewOrder();
        await Task.WhenAll(Enumerable.Range(1, 6).Select(fence => Record.ExceptionAsync(() => CreateAsync(order, fence))));

        await Assert.ThrowsAsync<OvertakenException>(() => CreateAsync(order, 5));
        await CreateAsync(order, 6);
    }

    [ContractFact]
    public async Task A_clone_of_which_only_a_part_exists_is_listed_and_removed()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        Assert.Contains("database", (await FindAsync(order))!.Parts);

        await RemoveAsync(order, 2);
        Assert.Null(await FindAsync(order));
    }

    [ContractFact]
    public async Task A_clone_of_which_nothing_exists_is_removed()
    {
        var order = NewOrder();
        await RemoveAsync(order, 1);
        Assert.Null(await FindAsync(order));
    }

    [ContractFact]
    public async Task A_clone_is_listed_with_all_its_parts_and_since_when()
    {
        var before = TimeProvider.System.GetUtcNow();
        var order = await ServeAsync();

        var clone = (await FindAsync(order))!;
        Assert.Superset(new HashSet<string> { "database", "user", "processes", "route" }, clone.Parts.ToHashSet());
        Assert.InRange(clone.Since, before.AddSeconds(-2), TimeProvider.System.GetUtcNow().AddSeconds(2));
    }

    [ContractFact]
    public async Task The_public_reaches_a_clone_while_its_route_is_open_and_not_after_its_removal()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await StartAsync(order, 2);
        Assert.Null(await VisitAsync(order));

        await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        Assert.NotNull(await VisitAsync(order));

        await RemoveAsync(order, 4);
        await Eventually.Until("the route is closed", async () => await VisitAsync(order) is null, TimeSpan.FromSeconds(10));
    }

    [ContractFact]
    public async Task The_removal_of_one_clone_leaves_the_other_alone()
    {
        var (going, staying) = (await ServeAsync(), await ServeAsync());
        await RemoveAsync(going, 9);

        Assert.Null(await FindAsync(going));
        Assert.NotNull(await FindAsync(staying));
        Assert.NotNull(await VisitAsync(staying));
        await using var database = await OpenDatabaseAsync(staying, Secrets);
    }

    [ContractFact]
    public async Task What_was_taken_away_is_made_again_by_the_next_attempt()
    {
        var order = await ServeAsync();
        await BreakAsync(order);
        await StartAsync(order, 8);
        await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 9), order, default);

        Assert.NotNull(await AskAsync(order));
        Assert.NotNull(await VisitAsync(order));
    }

    [ContractFact]
    public async Task A_password_that_was_changed_behind_our_back_is_put_right_by_the_next_step()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await PutsRightAsync(order, () => CreateAsync(order, 2));
        await PutsRightAsync(order, () => StartAsync(order, 3));

        // Nothing is published at the order's address and nothing was copied, so these fail once the clone itself is well.
        await PutsRightAsync(
            order, () => Backend.ImportPublicAsync(order.Token(CloneStep.ImportContent, 4), order, Secrets, null!, new Progress<ContentProgress>(), default));
        await PutsRightAsync(order, () => Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 5), order, Secrets, default));
    }

    private async Task PutsRightAsync(CloneOrder order, Func<Task> step)
    {
        await using (var server = new MySqlConnection(MariaDb))
        {
            await server.OpenAsync();
            await using var hosts = new MySqlCommand($"SELECT host FROM mysql.user WHERE user = '{UserOf(order)}'", server);
            var all = new List<string>();
            await using (var rows = await hosts.ExecuteReaderAsync()) while (await rows.ReadAsync()) all.Add(rows.GetString(0));
            foreach (var host in all)
            {
                await using var change = new MySqlCommand($"ALTER USER '{UserOf(order)}'@'{host}' IDENTIFIED BY 'somebody-else'", server);
                await change.ExecuteNonQueryAsync();
            }
        }

        await Assert.ThrowsAsync<MySqlException>(() => OpenDatabaseAsync(order, Secrets));
        await Record.ExceptionAsync(step);
        await using var database = await OpenDatabaseAsync(order, Secrets);
    }

    [ContractFact]
    public async Task A_password_that_does_not_fit_any_more_is_repaired()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        var renewed = Secrets with { DatabasePassword = new Secret("another'one\\") };
        await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 2), order, renewed, default);

        await using var database = await OpenDatabaseAsync(order, renewed);
        await Assert.ThrowsAsync<MySqlException>(() => OpenDatabaseAsync(order, Secrets));
    }

    [ContractFact]
    public async Task A_user_of_one_clone_sees_no_database_of_another()
    {
        var (order, other) = (NewOrder(), NewOrder());
        await CreateAsync(order, 1);
        await CreateAsync(other, 1);
        await using var database = await OpenDatabaseAsync(order, Secrets);
        await using var query = new MySqlCommand("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'clone\\_%'", database);
        Assert.Equal(1L, await query.ExecuteScalarAsync());
        await Assert.ThrowsAsync<MySqlException>(() => database.ChangeDatabaseAsync(UserOf(other)));
    }

    [ContractFact]
    public async Task The_logs_of_a_clone_can_be_read_as_long_as_there_is_one()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await StartAsync(order, 2);
        foreach (var kind in Backend.Logs) Assert.NotNull(await Backend.TailLogAsync(order.Job, Secrets, kind, 10, default));
        await RemoveAsync(order, 3);
        foreach (var kind in Backend.Logs) Assert.Null(await Backend.TailLogAsync(order.Job, Secrets, kind, 10, default));
    }

    [ContractFact]
    public async Task A_new_program_goes_on_where_the_old_one_stopped_and_knows_its_fences()
    {
        var order = NewOrder();
        await CreateAsync(order, 4);
        await RestartAsync();

        await Assert.ThrowsAsync<OvertakenException>(() => StartAsync(order, 3));
        await StartAsync(order, 5);
        Assert.NotNull(await AskAsync(order));
        await RemoveAsync(order, 6);
        Assert.Null(await FindAsync(order));
    }

    private protected async Task<CloneOrder> ServeAsync()
    {
        var order = NewOrder();
        await CreateAsync(order, 1);
        await StartAsync(order, 2);
        await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        return order;
    }

    private protected async Task<ExistingClone?> FindAsync(CloneOrder order) => (await Backend.ListAsync(default)).SingleOrDefault(clone => clone.Job == order.Job);

    private protected Task CreateAsync(CloneOrder order, long fence) =>
        Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, fence), order, Secrets, default);

    private protected Task StartAsync(CloneOrder order, long fence) =>
        Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, fence), order, Secrets, null, default);

    private protected Task RemoveAsync(CloneOrder order, long fence) => Backend.RemoveAsync(order.Token(CloneStep.Remove, fence), default);

    private protected virtual JobId InstanceOf(CloneOrder order) => order.Job;

    private string UserOf(CloneOrder order) => "clone_" + InstanceOf(order).Key;

    private async Task<MySqlConnection> OpenDatabaseAsync(CloneOrder order, JobSecrets secrets)
    {
        var connection = new MySqlConnection(new MySqlConnectionStringBuilder(MariaDb)
        {
            UserID = UserOf(order),
            Password = secrets.DatabasePassword.Reveal(),
            Database = UserOf(order),
            Pooling = false,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
