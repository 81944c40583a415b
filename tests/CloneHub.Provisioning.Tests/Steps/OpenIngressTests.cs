using CloneHub.Contracts;
using CloneHub.Provisioning.Steps;

namespace CloneHub.Provisioning.Tests.Steps;

public sealed class OpenIngressTests
{
    [Fact]
    public async Task The_administrator_is_made_again_only_where_somebody_may_have_changed_the_account()
    {
        Assert.Equal(["route"], await AskedAsync(attempt: 1, username: "clonehub"));
        Assert.Equal(["activate"], await AskedAsync(attempt: 2, username: "clonehub"));
        Assert.Equal(["activate"], await AskedAsync(attempt: 1, username: null));
    }

    /// <summary>The back end answers nothing, so what it is asked first ends the step.</summary>
    private static async Task<IReadOnlyList<string>> AskedAsync(int attempt, string? username)
    {
        var backend = new RecordingBackend();
        var secrets = TestJobs.NewSecrets();
        var step = new OpenIngress(backend, new OpenVault(() => secrets), inspector: null!, published: null!, route: null!, TimeProvider.System);
        var order = TestJobs.NewOrder() with { Username = username };
        await Assert.ThrowsAsync<NotSupportedException>(
            () => step.RunAsync(new StepToken(order.Job, CloneStep.OpenIngress, attempt, 5), order, new Progress<ContentProgress>(), default));
        return backend.Asked;
    }
}
