using CloneHub.Contracts;
using CloneHub.Provisioning.Database;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using MySqlConnector;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Puts the back end for a cluster together.</summary>
internal static class KubernetesModule
{
    public static void AddKubernetesBackend(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<KubernetesOptions>().Bind(configuration.GetSection(KubernetesOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<KubernetesOptions>, KubernetesOptionsValidation>();
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<KubernetesOptions>>().Value;
            return new CloneServer(new MySqlConnectionStringBuilder(options.MariaDb), options.DatabaseClients);
        });
        services.AddSingleton<CloneFence>();
        services.AddSingleton<CloneDatabase>();

        services.AddSingleton<ClusterGate>();
        services.AddSingleton<IKubernetes>(provider => ClusterClient.Connect(
            provider.GetRequiredService<IOptions<KubernetesOptions>>().Value,
            [new PatientHandler(provider.GetRequiredService<ClusterGate>()), .. provider.GetServices<ClusterCallHandler>()]));
        services.AddSingleton<ClusterApi>();
        services.AddSingleton<ClusterView>();
        services.AddSingleton<Anchors>();
        services.AddSingleton<CloneObjects>();
        services.AddSingleton<PodStart>();
        services.AddSingleton<AgentExec>();
        services.AddSingleton<CloneHealer>();
        services.AddSingleton<ClusterAccess>();
        services.AddSingleton<IBackendWatch, ClusterWatch>();
        services.AddSingleton<ICloneBackend, KubernetesBackend>();
        services.AddSingleton<ICloneInventory, CloneInventory>();
        services.AddSingleton<ICloneDoor, KubernetesDoor>();

        // In this order: what may be done is asked before anything is.
        services.AddHostedService(provider => provider.GetRequiredService<ClusterAccess>());
        services.AddHostedService(provider => provider.GetRequiredService<ClusterView>());
        services.AddHostedService(provider => provider.GetRequiredService<CloneHealer>());
    }
}

/// <summary>Sees every call to the API server, after those that are repeated.</summary>
internal abstract class ClusterCallHandler : DelegatingHandler;
