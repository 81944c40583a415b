using System.Globalization;
using System.Runtime.InteropServices;
using CloneHub.Contracts;
using CloneHub.Host;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Steps;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace CloneHub.Benchmarks.Engine;

/// <summary>
/// The whole Host, but that its steps do nothing: they are done at once, or, with <see cref="Holding"/>, never. What is left is the engine. A signal USR1 has it
/// write down how many bytes of its heap live.
/// </summary>
internal static class EngineNode
{
    public const string Command = "engine-node";
    public const string Holding = "holding";
    private const int Usr1 = 10;

    /// <param name="heapFile">Where the size of the heap is written to.</param>
    public static IReadOnlyList<string> Program(int port, string heapFile, bool holds = false) =>
        ["dotnet", typeof(EngineNode).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture), heapFile, .. holds ? new[] { Holding } : []];

    public static async Task<int> RunAsync(int port, string heapFile, bool holds)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            end.TrySetResult();
        });
        using var weigh = PosixSignalRegistration.Create((PosixSignal)Usr1, signal =>
        {
            signal.Cancel = true;
            File.WriteAllText(heapFile + ".new", GC.GetTotalMemory(forceFullCollection: true).ToString(CultureInfo.InvariantCulture));
            File.Move(heapFile + ".new", heapFile, overwrite: true);
        });

        // Any type of the Host says which program is meant.
        await using var factory = new WebApplicationFactory<ClusterNodeOptions>().WithWebHostBuilder(host => host.UseEnvironment(Environments.Production).ConfigureTestServices(services => Replace(services, holds)));
        factory.UseKestrel(port);
        factory.StartServer();
        using var stopped = factory.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(() => end.TrySetResult());
        await end.Task;
        return 0;
    }

    private static void Replace(IServiceCollection services, bool holds)
    {
        services.Replace(ServiceDescriptor.Singleton<ICloneInventory, NoInventory>());
        services.RemoveAll<ICloneStep>();
        foreach (var kind in Enum.GetValues<CloneStep>()) services.AddSingleton<ICloneStep>(new NoStep(kind, holds));

        // It looks after the processes of clones, and there are none.
        foreach (var supervisor in services.Where(service => service.ImplementationType == typeof(CloneSupervisor)).ToList()) services.Remove(supervisor);
    }

    private sealed class NoStep(CloneStep kind, bool holds) : ICloneStep
    {
        public CloneStep Kind => kind;

        public async Task<StepFacts> RunAsync(StepToken token, CloneOrder order, IProgress<ContentProgress> progress, CancellationToken cancellation)
        {
            if (holds) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            return new StepFacts
            {
                Content = new ContentFacts(12, 345, 678, 9_000_000),
                PluginVersion = "1",
                Username = "administrator",
                CloneUrl = new Uri($"http://{token.Job.Value}.localhost/"),
            };
        }
    }

    private sealed class NoInventory : ICloneInventory
    {
        public Task<IReadOnlyList<ExistingClone>> ListAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<ExistingClone>>([]);

        public Task RemoveOrphanAsync(JobId job, CancellationToken cancellation) => Task.CompletedTask;
    }
}
