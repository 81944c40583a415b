using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.Tests.Local;
using CloneHub.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Pool;

[Trait("Needs", "servers")]
public sealed class WarmPoolTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new();
    private LocalStage _stage = null!;

    public async Task InitializeAsync() => _stage = await LocalStage.OpenAsync(servers, pool: 1);

    public async Task DisposeAsync() => await _stage.DisposeAsync();

    [Fact]
    public async Task A_warm_instance_serves_the_job_that_claims_it_and_is_gone_with_it_and_replaced()
    {
        await _stage.FillPoolAsync();
        var waiting = Assert.Single(await _stage.PoolAsync());
        Assert.True(waiting.IsReady);
        Assert.DoesNotContain(await _stage.Backend.ListAsync(default), clone => clone.Job == waiting.Name);
        var php = MasterOf(waiting.Name);
        Assert.NotEmpty(Directory.EnumerateFiles(_stage.Layout.Of(waiting.Name).CompiledCode, "version.php.bin", SearchOption.AllDirectories));

        var order = await _stage.ServeAsync(("who.php", "<?php echo 'served by ', __DIR__;"));
        Assert.Equal(waiting.Name, _stage.InstanceOf(order));
        Assert.Equal(php, MasterOf(waiting.Name));
        Assert.Equal($"served by {_stage.Layout.Of(waiting.Name).Www}", await _stage.GetAsync(order, "/who.php"));
        Assert.Contains("route", Assert.Single(await _stage.Backend.ListAsync(default), clone => clone.Job == order.Job).Parts);
        Assert.True(_stage.Get<CloneRoutes>().IsOpen(order.Job));
        Assert.False(_stage.Get<CloneRoutes>().IsOpen(waiting.Name));

        await _stage.FillPoolAsync();
        Assert.NotEqual(waiting.Name, Assert.Single(await _stage.PoolAsync()).Name);
        await _stage.Backend.RemoveAsync(order.Token(CloneStep.Remove, 9), default);
        Assert.Empty(Left(waiting.Name).Concat(Left(order.Job)));
        Assert.DoesNotContain(await _stage.Backend.ListAsync(default), clone => clone.Job == order.Job || clone.Job == waiting.Name);
    }

    [Fact]
    public async Task Compiled_code_of_a_file_that_the_source_has_otherwise_is_forgotten_though_its_time_is_the_same()
    {
        await _stage.FillPoolAsync();
        var paths = _stage.Layout.Of(Assert.Single(await _stage.PoolAsync()).Name);
        var (altered, core) = (Path.Combine(paths.Www, "wp-includes", "version.php"), _stage.Get<CloneTree>().NewestCore!);
        var written = File.GetLastWriteTimeUtc(altered);
        var text = await File.ReadAllTextAsync(altered);
        File.Delete(altered);
        await File.WriteAllTextAsync(altered, text.Replace("$wp_version", "$wp_verslon", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(altered, written);

        CompiledCode.ForgetOthers(paths.CompiledCode, paths.Www, core.FullName);
        Assert.Empty(Directory.EnumerateFiles(paths.CompiledCode, "version.php.bin", SearchOption.AllDirectories));
        Assert.NotEmpty(Directory.EnumerateFiles(paths.CompiledCode, "functions.php.bin", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_nobody_makes_any_more_and_what_would_be_made_otherwise_today_is_replaced()
    {
        var instances = _stage.Get<CloneInstances>();
        var (abandoned, old) = (TestJobs.NewOrder().Job, TestJobs.NewOrder().Job);
        await instances.AddAsync(abandoned, _stage.Backend.Recipe, default);
        await instances.AddAsync(old, InstanceRecipe.Of(_stage.Layout.StateDirectory, "another core"), default);
        await instances.OfferAsync(old, default);

        await _stage.FillPoolAsync();
        Assert.DoesNotContain(Assert.Single(await _stage.PoolAsync()).Name, (JobId[])[abandoned, old]);
    }

    [Fact]
    public async Task A_queue_that_cannot_be_read_leaves_the_pool_as_it_is_and_is_told_until_it_can()
    {
        var pool = NewPool(_stage.Backend);
        _stage.Queue.Reading = null;
        await pool.LookAsync(default);
        Assert.Null(pool.Trouble);
        _clock.Advance(TimeSpan.FromSeconds(30));
        await pool.LookAsync(default);
        Assert.Contains("neither grows nor shrinks", pool.Trouble, StringComparison.Ordinal);
        Assert.Empty(await _stage.PoolAsync());

        _stage.Queue.Reading = new QueueReading(0, 0, 4, 0, null);
        await pool.LookAsync(default);
        Assert.Null(pool.Trouble);
        Assert.Single(await _stage.PoolAsync());
        await Eventually.Until("it is made", () => !pool.IsMaking, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task After_an_instance_that_could_not_be_made_the_pool_waits_before_the_next()
    {
        var backend = new RefusingBackend(_stage.Backend);
        var pool = NewPool(backend);
        await LookAsync(pool);
        await LookAsync(pool);
        Assert.Equal(1, backend.Asked);
        Assert.Contains("cannot be made", pool.Trouble, StringComparison.Ordinal);
        Assert.Empty(await _stage.PoolAsync());

        _clock.Advance(TimeSpan.FromSeconds(6));
        await LookAsync(pool);
        await LookAsync(pool);
        Assert.Equal(2, backend.Asked);
    }

    [Fact]
    public async Task A_look_that_failed_is_told_until_one_succeeds()
    {
        var backend = new RefusingBackend(_stage.Backend) { IsLost = true };
        var pool = NewPool(backend);
        await Assert.ThrowsAsync<IOException>(() => pool.LookAsync(default));
        Assert.Contains("could not be looked after", pool.Trouble, StringComparison.Ordinal);

        backend.IsLost = false;
        await LookAsync(pool);
        Assert.Null(pool.Trouble);
    }

    [Fact]
    public async Task An_instance_that_has_stopped_serving_is_replaced_after_a_while()
    {
        await _stage.FillPoolAsync();
        var dead = Assert.Single(await _stage.PoolAsync()).Name;
        File.Delete(_stage.Layout.Of(dead).ServeMark);
        var pool = NewPool(_stage.Backend);
        await LookAsync(pool);
        Assert.Equal(dead, Assert.Single(await _stage.PoolAsync()).Name);

        _clock.Advance(TimeSpan.FromSeconds(61));
        await LookAsync(pool);
        var instance = Assert.Single(await _stage.PoolAsync());
        Assert.NotEqual(dead, instance.Name);
        Assert.True(instance.IsReady);
    }

    private static async Task LookAsync(WarmPool pool)
    {
        await pool.LookAsync(default);
        await Eventually.Until("what was begun has ended", () => !pool.IsMaking, TimeSpan.FromMinutes(1));
    }

    private WarmPool NewPool(ICloneBackend backend) => new(
        backend, _stage.Get<ICloneInventory>(), _stage.Get<CloneInstances>(), _stage.Get<PoolRules>(), _clock, NullLogger<WarmPool>.Instance, _stage.Queue);

    private int? MasterOf(JobId instance) => Posix.ProcessOf(_stage.Layout.Of(instance).FpmPid, _stage.Layout.Of(instance).FpmConfig);

    private List<string> Left(JobId name)
    {
        var paths = _stage.Layout.Of(name);
        return [.. ((string[])[paths.Folder, paths.Socket]).Where(path => Path.Exists(path) || new FileInfo(path).LinkTarget is not null)];
    }
}
