using CloneHub.Contracts;

namespace CloneHub.Provisioning.Tests;

/// <summary>What every back end promises, whatever it is made of.</summary>
public abstract class CloneBackendContract
{
    private protected abstract ICloneBackend Backend { get; }

    private protected abstract JobSecrets Secrets { get; }

    private protected abstract CloneOrder NewOrder();

    [Fact]
    public async Task Every_step_may_be_done_twice()
    {
        var order = NewOrder();
        foreach (var fence in (long[])[1, 2])
        {
            await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, fence), order, Secrets, default);
            await Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, fence), order, Secrets, default);
        }

        var first = await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 3), order, default);
        var second = await Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 4), order, default);
        Assert.Equal(first, second);
        Assert.Contains(order.Job.Value, first.Host, StringComparison.Ordinal);

        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 5), default);
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 6), default);
        Assert.DoesNotContain(await Backend.ListAsync(default), clone => clone.Job == order.Job);
    }

    [Fact]
    public async Task An_older_attempt_than_the_newest_is_refused_everywhere()
    {
        var order = NewOrder();
        await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 7), order, Secrets, default);

        await Assert.ThrowsAsync<OvertakenException>(
            () => Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 6), order, Secrets, default));
        await Assert.ThrowsAsync<OvertakenException>(() => Backend.EnsurePodAsync(order.Token(CloneStep.StartPod, 6), order, Secrets, default));
        await Assert.ThrowsAsync<OvertakenException>(
            () => Backend.ActivatePluginAsync(order.Token(CloneStep.ActivatePlugin, 6), order, Secrets, default));
        await Assert.ThrowsAsync<OvertakenException>(() => Backend.OpenRouteAsync(order.Token(CloneStep.OpenIngress, 6), order, default));
        await Assert.ThrowsAsync<OvertakenException>(() => Backend.RemoveAsync(order.Token(CloneStep.Remove, 6), default));
    }

    [Fact]
    public async Task A_removed_clone_does_not_come_back_by_an_attempt_that_was_under_way()
    {
        var order = NewOrder();
        await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, Secrets, default);
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 2), default);

        await Assert.ThrowsAsync<OvertakenException>(
            () => Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, Secrets, default));
        Assert.DoesNotContain(await Backend.ListAsync(default), clone => clone.Job == order.Job);
    }

    [Fact]
    public async Task A_clone_of_which_only_a_part_exists_is_listed_and_removed()
    {
        var order = NewOrder();
        await Backend.EnsureDatabaseAsync(order.Token(CloneStep.CreateDatabase, 1), order, Secrets, default);
        Assert.Contains("database", Assert.Single(await Backend.ListAsync(default), clone => clone.Job == order.Job).Parts);

        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 2), default);
        Assert.DoesNotContain(await Backend.ListAsync(default), clone => clone.Job == order.Job);
    }

    [Fact]
    public async Task A_clone_of_which_nothing_exists_is_removed()
    {
        var order = NewOrder();
        await Backend.RemoveAsync(order.Token(CloneStep.Remove, 1), default);
        Assert.DoesNotContain(await Backend.ListAsync(default), clone => clone.Job == order.Job);
    }
}
