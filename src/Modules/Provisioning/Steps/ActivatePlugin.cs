using CloneHub.Contracts;

namespace CloneHub.Provisioning.Steps;

/// <summary>Makes sure that the plugin inside the clone answers, and that the caller can log in.</summary>
internal sealed class ActivatePlugin(ICloneBackend backend, IJobVault vault) : ICloneStep
{
    public CloneStep Kind => CloneStep.ActivatePlugin;

    public async Task<StepFacts> RunAsync(
        StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
    {
        var plugin = await backend.ActivatePluginAsync(token, order, await vault.RequireAsync(order.Job, cancellation), cancellation);
        return new StepFacts { PluginVersion = plugin.Version, Username = plugin.Username };
    }
}
