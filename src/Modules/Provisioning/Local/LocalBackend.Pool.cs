using System.Globalization;
using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Provisioning.Pool;

namespace CloneHub.Provisioning.Local;

/// <summary>What the pool asks for.</summary>
internal sealed partial class LocalBackend
{
    private const string Compiler = "clonehub-compile.php";

    public InstanceRecipe Recipe => InstanceRecipe.Of(
        layout.StateDirectory, tree.NewestCore is { } core ? string.Create(CultureInfo.InvariantCulture, $"{core.FullName} {core.LastWriteTimeUtc.Ticks}") : "without a core");

    public async Task MakeInstanceAsync(JobId instance, CancellationToken cancellation)
    {
        var token = new StepToken(instance, CloneStep.StartPod, Attempt: 1, Fence: 1);
        await instances.ClaimAsync(token, cancellation);
        await database.EnsureAsync(instance, new Secret(RandomNumberGenerator.GetHexString(32)), cancellation);
        await EnsurePhpAsync(instance, cancellation);
        await CompileAsync(instance, cancellation);

        // What the compiler had to say is no news to the tenant.
        File.Delete(layout.Of(instance).PhpLog);
        await fence.EnsureHeldAsync(token, cancellation);
    }

    /// <summary>A PHP that has ended is started again by its supervisor, as long as there is something to start.</summary>
    public bool Serves(JobId instance) => layout.Of(instance) is var paths && Directory.Exists(paths.Www) && File.Exists(paths.ServeMark);

    private async Task CompileAsync(JobId instance, CancellationToken cancellation)
    {
        var script = Path.Combine(layout.Of(instance).Www, Compiler);
        await File.WriteAllTextAsync(script, CompiledCode.Compiler, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(options.Value.PublicUrlOf(instance), Compiler));
            using var answer = await AskCloneAsync(request, cancellation);
            await answer.Content.CopyToAsync(Stream.Null, cancellation);
        }
        finally
        {
            File.Delete(script);
        }
    }
}
