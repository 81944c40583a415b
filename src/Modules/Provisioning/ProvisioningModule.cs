using System.Net;
using Akka.Actor;
using Akka.Hosting;
using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.Pool;
using CloneHub.Provisioning.Steps;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Media;
using CloneHub.Provisioning.WordPress.PublicSite;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using MySqlConnector;

namespace CloneHub.Provisioning;

/// <summary>What the Host has to know of this module.</summary>
public static class ProvisioningModule
{
    /// <summary>Name of this module's ActivitySource and Meter.</summary>
    public const string Telemetry = ProvisioningTelemetry.Name;

    public static IServiceCollection AddProvisioning(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        var kind = BackendOf(configuration);
        if (kind == BackendKind.Kubernetes) services.AddKubernetesBackend(configuration);
        else AddLocalBackend(services, configuration);
        AddPool(services, configuration, kind);

        services.AddSingleton(provider => new SourceOptions
        {
            AllowLoopback = configuration.GetValue<bool>("CloneHub:AllowLoopbackSources"),
            // One that is none is named by the check of the API's settings.
            AllowedNetworks = NetworksOf(configuration.GetSection("CloneHub:AllowedSourceNetworks").Get<string[]>() ?? []),
            IsClone = address => provider.GetRequiredService<ICloneDoor>().Leads(address),
        });
        services.AddSingleton<SourceConnector>();
        services.AddSingleton<IApplicationPasswords, ApplicationPasswords>();
        services.AddSingleton<PublicSources>();
        services.AddSingleton<ICloneStep, CreateDatabase>();
        services.AddSingleton<ICloneStep, StartPod>();
        services.AddSingleton<ICloneStep, ImportContent>();
        services.AddSingleton<ICloneStep, ActivatePlugin>();
        services.AddSingleton<CloneInspector>();
        services.AddSingleton<ICloneStep, OpenIngress>();
        services.AddSingleton<ICloneStep, Crawl>();
        services.AddSingleton<ICloneStep, FetchMedia>();
        services.AddSingleton<ICloneStep, Remove>();
        services.AddSingleton<ICloneStep, AwaitConnector>();
        AddRestore(services);

        services.AddSingleton<ICloneLogs, CloneLogs>();
        services.AddSingleton<ICloneAbilities, CloneAbilities>();
        services.AddSingleton<IConnectorPackages, ConnectorPackages>();
        services.AddHttpForwarder();
        services.AddSingleton<CloneRouter>();
        services.AddSingleton<PublicRoute>();
        return services;
    }

    /// <summary>Starts this node's step runner; others find it under <see cref="StepRunners"/>.</summary>
    /// <param name="nameOf">What <see cref="RunStep.Worker"/> calls this node.</param>
    public static AkkaConfigurationBuilder WithStepRunner(this AkkaConfigurationBuilder builder, Func<ActorSystem, string> nameOf) =>
        builder.WithActors((system, registry, resolver) =>
            registry.Register<StepRunners>(system.ActorOf(resolver.Props<StepRunnerActor>(nameOf(system)), StepRunners.ActorName)));

    /// <summary>The public door of the clones. It comes before everything else: their hosts are not ours to authenticate or limit.</summary>
    public static IApplicationBuilder UseCloneRouter(this IApplicationBuilder app)
    {
        var router = app.ApplicationServices.GetRequiredService<CloneRouter>();
        return app.Use(next => context => router.InvokeAsync(context, next));
    }

    private static void AddRestore(IServiceCollection services)
    {
        services.AddSingleton<RestoreSites>();
        services.AddSingleton<ICloneStep, PlanRestore>();
        services.AddSingleton<ICloneStep, StageRestore>();
        services.AddSingleton<ICloneStep, SwapRestore>();
        services.AddSingleton<ICloneStep, EndRestore>();
        services.AddSingleton<ICloneStep, RollBackRestore>();
    }

    private static IPNetwork[] NetworksOf(string[] texts) => [.. texts.SelectMany(text => IPNetwork.TryParse(text, out var network) ? [network] : Array.Empty<IPNetwork>())];

    private static BackendKind BackendOf(IConfiguration configuration)
    {
        const string Setting = $"{BackendOptions.Section}:{nameof(BackendOptions.Backend)}";
        if (configuration[Setting] is not { Length: > 0 } text) return new BackendOptions().Backend;
        return Enum.TryParse<BackendKind>(text, ignoreCase: true, out var kind) && Enum.IsDefined(kind)
            ? kind
            : throw new OptionsValidationException(Setting, typeof(BackendOptions), [$"{Setting} must be local or kubernetes, not '{text}'."]);
    }

    /// <summary>Making an instance is work: on one machine it would take from the jobs that build what it saves the next one.</summary>
    private static void AddPool(IServiceCollection services, IConfiguration configuration, BackendKind kind)
    {
        services.AddOptions<PoolOptions>().Bind(configuration.GetSection(PoolOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PoolOptions>, PoolOptionsValidation>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<PoolOptions>>().Value;
            return new PoolRules(options.Size, options.MaxSize, options.AtOnce, WhileBusy: kind == BackendKind.Kubernetes);
        });
        services.AddSingleton<CloneInstances>();
        services.AddSingleton<WarmPool>();
        services.AddSingleton<IPoolWatch>(provider => provider.GetRequiredService<WarmPool>());
        services.AddHostedService<PoolController>();
    }

    private static void AddLocalBackend(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<LocalOptions>().Bind(configuration.GetSection(LocalOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LocalOptions>, LocalOptionsValidation>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<LocalOptions>>().Value;
            return new LocalLayout(options.StateDirectory, options.SocketDirectory);
        });
        services.AddSingleton(provider =>
            new CloneServer(new MySqlConnectionStringBuilder(provider.GetRequiredService<IOptions<LocalOptions>>().Value.MariaDb)));
        services.AddSingleton<CloneFence>();
        services.AddSingleton<CloneDatabase>();
        services.AddSingleton<CloneTree>();
        services.AddSingleton<CloneRoutes>();
        services.AddSingleton<NginxClient>();
        services.AddSingleton<Nginx>();
        services.AddSingleton<PhpFpm>();
        services.AddSingleton<MediaOnDemand>();
        services.AddSingleton<ICloneBackend, LocalBackend>();
        services.AddSingleton<ICloneInventory, CloneInventory>();
        services.AddSingleton<ICloneDoor, LocalDoor>();
        services.AddHostedService<CloneSupervisor>();
    }
}
