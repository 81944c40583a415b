using System.Globalization;
using System.Runtime.InteropServices;
using CloneHub.Chaos.Faults;
using CloneHub.Contracts;
using CloneHub.Host;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Steps;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace CloneHub.Chaos;

/// <summary>The whole Host, but for its clock and what its steps do: those write the ledger.</summary>
internal static class ChaosNode
{
    public const string Command = "node";
    private const string Section = "Chaos";

    /// <summary>CloneHub.Chaos.dll of this version.</summary>
    public static string ThisVersion => typeof(ChaosNode).Assembly.Location;

    /// <summary>What starts a node.</summary>
    /// <param name="version">CloneHub.Chaos.dll of the version it is of; null for this one.</param>
    public static IReadOnlyList<string> Program(int port, string? version = null, Fault? fault = null) =>
        [version ?? ThisVersion, Command, port.ToString(CultureInfo.InvariantCulture), .. fault is null ? [] : new[] { fault.Name }];

    /// <summary>Settings of a node, as environment variables, on top of the Host's own.</summary>
    public static Dictionary<string, string> Settings(string ledger, DateTimeOffset begin, int speed, TimeSpan behind = default) => new()
    {
        [$"{Section}__Ledger"] = ledger,
        [$"{Section}__Begin"] = begin.UtcTicks.ToString(CultureInfo.InvariantCulture),
        [$"{Section}__Speed"] = speed.ToString(CultureInfo.InvariantCulture),
        [$"{Section}__Behind"] = behind.Ticks.ToString(CultureInfo.InvariantCulture),
    };

    /// <param name="fault">What is broken in it; null for nothing.</param>
    public static async Task<int> RunAsync(int port, Fault? fault)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            end.TrySetResult();
        });
        // Any type of the Host says which program is meant.
        await using var factory = new WebApplicationFactory<ClusterNodeOptions>().WithWebHostBuilder(host => host.ConfigureTestServices(services =>
        {
            Replace(services);
            fault?.PutIn(services);
        }));
        factory.UseKestrel(port);
        factory.StartServer();

        // One that was put out of its cluster stops by itself.
        using var stopped = factory.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(() => end.TrySetResult());
        await end.Task;
        return factory.Services.GetRequiredService<NodeExit>().Code;
    }

    private static void Replace(IServiceCollection services)
    {
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(provider => Clock(Settings(provider))));
        services.AddSingleton(provider => Ledger.Open(Settings(provider)["Ledger"]!));
        services.Replace(ServiceDescriptor.Singleton<ICloneInventory, LedgerInventory>());
        services.RemoveAll<ICloneStep>();
        foreach (var kind in Enum.GetValues<CloneStep>())
            services.AddSingleton<ICloneStep>(provider => new LedgerStep(kind, provider.GetRequiredService<Ledger>(), provider.GetRequiredService<TimeProvider>()));

        // It looks after the processes of clones, and there are none.
        foreach (var supervisor in services.Where(service => service.ImplementationType == typeof(CloneSupervisor)).ToList()) services.Remove(supervisor);
    }

    public static IConfigurationSection Settings(IServiceProvider provider) => provider.GetRequiredService<IConfiguration>().GetSection(Section);

    private static FastClock Clock(IConfiguration settings) =>
        new(new DateTimeOffset(settings.GetValue<long>("Begin"), TimeSpan.Zero), settings.GetValue<int>("Speed"), new TimeSpan(settings.GetValue<long>("Behind")));
}
