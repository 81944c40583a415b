using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;
using Microsoft.Extensions.Options;
using MySqlConnector;

namespace CloneHub.Provisioning.Database;

/// <summary>A warm instance that belongs to nobody yet.</summary>
/// <param name="IsReady">It may be claimed; else it is being made, or whoever made it is gone.</param>
internal sealed record WarmInstance(JobId Name, InstanceRecipe Recipe, bool IsReady);

/// <summary>
/// Which instance is whose. An instance is what a clone consists of, under one name of the form of a job's id: usually the job's own, or that of one
/// that was made beforehand and belongs to the pool until a job claims it. Who removes an instance that is nobody's claims it for itself.
/// </summary>
internal sealed class CloneInstances(CloneServer server, CloneFence fence, IOptions<PoolOptions> options, TimeProvider clock)
{
    private const int Candidates = 64;

    /// <summary>The attempt takes the clone (see <see cref="CloneFence.ClaimAsync"/>).</summary>
    /// <returns>The instance that is the job's. Never another one until the clone is removed.</returns>
    public async Task<JobId> ClaimAsync(StepToken token, CancellationToken cancellation)
    {
        await fence.ClaimAsync(token, cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        if (token.Step == CloneStep.Remove) await WithdrawAsync(connection, token.Job, cancellation);
        return await FindAsync(connection, token, cancellation) ?? token.Job;
    }

    /// <summary>The same, for the attempt that begins a clone: a warm instance of this recipe, if there is one and the job has none yet.</summary>
    /// <returns>Whether the job has just been given a warm one; null if that was decided earlier.</returns>
    public async Task<(JobId Instance, bool? IsWarm)> ClaimAsync(StepToken token, InstanceRecipe recipe, CancellationToken cancellation)
    {
        var isFirst = await fence.ClaimAsync(token, cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        if (await FindAsync(connection, token, cancellation) is { } decided) return (decided, null);

        // A job that has begun and has no row began before there were any: what it has bears its own name.
        var isWarm = isFirst && await TakeAsync(connection, token, recipe, cancellation);
        if (!isWarm) await ExecuteAsync(connection, Insert, cancellation, ("@instance", token.Job.Value), ("@job", token.Job.Value), ("@recipe", recipe.ToString()), ("@now", Now));
        return (await FindAsync(connection, token, cancellation) ?? token.Job, isWarm);
    }

    /// <summary>
    /// Whose a name is that was found in the world: its row's job; itself if it has none; null for one of the pool, which the pool looks after. Where
    /// there is no pool, what an earlier setting left of it belongs to itself: a job that nobody knows.
    /// </summary>
    public async Task<Func<JobId, JobId?>> OwnerOfAsync(CancellationToken cancellation)
    {
        await fence.PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = new MySqlCommand("SELECT instance, job_id FROM clonehub.instances", connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var owners = new Dictionary<JobId, JobId?>();
        while (await rows.ReadAsync(cancellation))
        {
            var instance = JobId.Parse(rows.GetString(0));
            owners[instance] = rows.IsDBNull(1) ? (options.Value.IsOff ? instance : null) : JobId.Parse(rows.GetString(1));
        }

        return name => owners.TryGetValue(name, out var owner) ? owner : name;
    }

    /// <summary>Those of the pool of a place, the oldest first.</summary>
    public async Task<IReadOnlyList<WarmInstance>> PoolAsync(string place, CancellationToken cancellation)
    {
        await fence.PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        await using var query = new MySqlCommand(
            "SELECT instance, recipe, ready_at IS NOT NULL FROM clonehub.instances WHERE job_id IS NULL ORDER BY made_at, instance", connection);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var pool = new List<WarmInstance>();
        while (await rows.ReadAsync(cancellation)) pool.Add(new WarmInstance(JobId.Parse(rows.GetString(0)), InstanceRecipe.Parse(rows.GetString(1)), rows.GetInt64(2) != 0));
        return [.. pool.Where(instance => instance.Recipe.Place == place)];
    }

    /// <summary>One more for the pool, which is about to be made.</summary>
    public async Task AddAsync(JobId instance, InstanceRecipe recipe, CancellationToken cancellation)
    {
        await fence.PrepareAsync(cancellation);
        await using var connection = await server.OpenAsync(cancellation);
        await ExecuteAsync(connection, Insert, cancellation, ("@instance", instance.Value), ("@job", null), ("@recipe", recipe.ToString()), ("@now", Now));
    }

    /// <summary>It is made, and may be claimed. False if it was removed meanwhile.</summary>
    public async Task<bool> OfferAsync(JobId instance, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        const string Offer = "UPDATE clonehub.instances SET ready_at = @now WHERE instance = @instance AND job_id IS NULL";
        return await ExecuteAsync(connection, Offer, cancellation, ("@instance", instance.Value), ("@now", Now)) > 0;
    }

    /// <summary>An instance is a job's after all, whatever its row says.</summary>
    public async Task GiveBackAsync(JobId instance, JobId owner, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        try
        {
            await ExecuteAsync(connection, "UPDATE clonehub.instances SET job_id = @job WHERE instance = @instance", cancellation, ("@job", owner.Value), ("@instance", instance.Value));
        }
        catch (MySqlException twice) when (twice.ErrorCode == MySqlErrorCode.DuplicateKeyEntry)
        {
            // The owner has another one by now; this one is nobody's to claim.
            await ExecuteAsync(connection, "DELETE FROM clonehub.instances WHERE instance = @instance", cancellation, ("@instance", instance.Value));
        }
    }

    /// <summary>Nothing of the job's instance exists any more.</summary>
    public async Task ForgetAsync(JobId job, CancellationToken cancellation)
    {
        await using var connection = await server.OpenAsync(cancellation);
        await ExecuteAsync(
            connection, "DELETE FROM clonehub.clones WHERE job_id <> @job AND job_id IN (SELECT instance FROM clonehub.instances WHERE job_id = @job)", cancellation,
            ("@job", job.Value));
        await ExecuteAsync(connection, "DELETE FROM clonehub.instances WHERE job_id = @job", cancellation, ("@job", job.Value));
    }

    private const string Insert = "INSERT IGNORE INTO clonehub.instances (instance, job_id, recipe, made_at) VALUES (@instance, @job, @recipe, @now)";

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    /// <summary>Null if nothing was decided. One of the pool is its own as long as nobody has claimed it.</summary>
    /// <exception cref="OvertakenException">What bears this name has become another job's.</exception>
    private static async Task<JobId?> FindAsync(MySqlConnection connection, StepToken token, CancellationToken cancellation)
    {
        await using var query = new MySqlCommand("SELECT instance, job_id FROM clonehub.instances WHERE job_id = @job OR instance = @job", connection);
        query.Parameters.AddWithValue("@job", token.Job.Value);
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        JobId? found = null;
        while (await rows.ReadAsync(cancellation))
        {
            var (instance, owner) = (JobId.Parse(rows.GetString(0)), rows.IsDBNull(1) ? token.Job : JobId.Parse(rows.GetString(1)));
            if (owner != token.Job) throw new OvertakenException(token);
            found = instance;
        }

        return found;
    }

    /// <summary>A removal may have come and gone since the attempt took the clone; nobody would ever give back what is taken then.</summary>
    internal static async Task<bool> TakeAsync(MySqlConnection connection, StepToken token, InstanceRecipe recipe, CancellationToken cancellation)
    {
        const string Take = """
            UPDATE clonehub.instances SET job_id = @job WHERE instance = @instance AND job_id IS NULL
            AND EXISTS (SELECT 1 FROM clonehub.clones WHERE clones.job_id = @job AND fence = @fence AND removed_at IS NULL)
            """;
        foreach (var instance in await ReadyAsync(connection, recipe, cancellation))
        {
            try
            {
                if (await ExecuteAsync(connection, Take, cancellation, ("@job", token.Job.Value), ("@fence", token.Fence), ("@instance", instance)) > 0) return true;
            }
            catch (MySqlException twice) when (twice.ErrorCode == MySqlErrorCode.DuplicateKeyEntry)
            {
                // Another attempt of the job was quicker; what it has decided holds.
                return false;
            }
        }

        return false;
    }

    private static async Task<IReadOnlyList<string>> ReadyAsync(MySqlConnection connection, InstanceRecipe recipe, CancellationToken cancellation)
    {
        await using var query = new MySqlCommand(
            $"SELECT instance FROM clonehub.instances WHERE job_id IS NULL AND ready_at IS NOT NULL AND recipe = @recipe ORDER BY ready_at, instance LIMIT {Candidates}", connection);
        query.Parameters.AddWithValue("@recipe", recipe.ToString());
        await using var rows = await query.ExecuteReaderAsync(cancellation);
        var ready = new List<string>();
        while (await rows.ReadAsync(cancellation)) ready.Add(rows.GetString(0));
        return ready;
    }

    private static Task<int> WithdrawAsync(MySqlConnection connection, JobId name, CancellationToken cancellation) =>
        ExecuteAsync(connection, "UPDATE clonehub.instances SET job_id = instance WHERE instance = @name AND job_id IS NULL", cancellation, ("@name", name.Value));

    private static async Task<int> ExecuteAsync(MySqlConnection connection, string sql, CancellationToken cancellation, params (string Name, object? Value)[] values)
    {
        await using var command = new MySqlCommand(sql, connection);
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return await command.ExecuteNonQueryAsync(cancellation);
    }
}
