using k8s;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>The way to the API server.</summary>
internal static class ClusterClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="handlers">See every call; outermost first.</param>
    public static IKubernetes Connect(KubernetesOptions options, params DelegatingHandler[] handlers)
    {
        try
        {
            var config = options.KubeConfig.Length > 0
                ? KubernetesClientConfiguration.BuildConfigFromConfigFile(options.KubeConfig)
                : KubernetesClientConfiguration.BuildDefaultConfig();
            config.HttpClientTimeout = Patience;
            return new k8s.Kubernetes(config, handlers);
        }
        catch (k8s.Exceptions.KubeConfigException unusable)
        {
            throw new OptionsValidationException(
                KubernetesOptions.Section, typeof(KubernetesOptions), [$"{KubernetesOptions.Section}:KubeConfig does not say how to reach a cluster: {unusable.Message}"]);
        }
    }
}
