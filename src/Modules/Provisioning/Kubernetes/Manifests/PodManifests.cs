using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes.Manifests;

/// <summary>A clone's Secret, Deployment and Service. Pure: the same spec and settings always give the same manifest.</summary>
internal static class PodManifests
{
    public const string Container = "wordpress";

    private const string PortName = "http";
    private const string Pool = "clonehub.io/pool";
    private const string Buffer = "buffer";

    public static V1Secret Secret(CloneSpec spec, KubernetesOptions options, Secret databasePassword) => new()
    {
        ApiVersion = "v1",
        Kind = "Secret",
        Type = "Opaque",
        Metadata = spec.Metadata(options.Namespace, spec.InstanceLabels),
        Data = new Dictionary<string, byte[]> { [CloneImage.DatabasePasswordKey] = Encoding.UTF8.GetBytes(databasePassword.Reveal()) },
    };

    /// <param name="isClosed">Leads to no pod: a clone that has lost its content must not be shown.</param>
    public static V1Service Service(CloneSpec spec, KubernetesOptions options, bool isClosed = false) => new()
    {
        ApiVersion = "v1",
        Kind = "Service",
        Metadata = spec.Metadata(options.Namespace, spec.InstanceLabels),
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            Selector = new Dictionary<string, string> { [CloneLabels.Job] = isClosed ? "none" : spec.Job.Value },

            // Server-side apply merges ports by number and protocol, so the protocol has to be said.
            Ports = [new V1ServicePort { Name = PortName, Port = 80, TargetPort = PortName, Protocol = "TCP" }],
        },
    };

    public static V1Deployment Deployment(CloneSpec spec, KubernetesOptions options) => new()
    {
        ApiVersion = "apps/v1",
        Kind = "Deployment",
        Metadata = spec.Metadata(options.Namespace, spec.InstanceLabels),
        Spec = new V1DeploymentSpec
        {
            Replicas = 1,
            RevisionHistoryLimit = 0,

            // Two pods over one database would be two half clones.
            Strategy = new V1DeploymentStrategy { Type = "Recreate" },
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [CloneLabels.Job] = spec.Job.Value } },
            Template = new V1PodTemplateSpec
            {
                Metadata = new V1ObjectMeta
                {
                    Labels = spec.InstanceLabels,

                    // The files of a clone are in its pod: who empties a node must let it live out its time.
                    Annotations = new Dictionary<string, string>
                    {
                        ["cluster-autoscaler.kubernetes.io/safe-to-evict"] = "false",
                        ["karpenter.sh/do-not-disrupt"] = "true",
                    },
                },
                Spec = Pod(spec, options),
            },
        },
    };

    private static V1PodSpec Pod(CloneSpec spec, KubernetesOptions options) => new()
    {
        AutomountServiceAccountToken = false,
        EnableServiceLinks = false,
        TerminationGracePeriodSeconds = 5,
        PriorityClassName = options.PriorityClass.Length > 0 ? options.PriorityClass : null,
        SecurityContext = new V1PodSecurityContext
        {
            RunAsNonRoot = true,
            RunAsUser = CloneImage.UserId,
            RunAsGroup = CloneImage.UserId,
            FsGroup = CloneImage.UserId,
            SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
        },
        Tolerations = [new V1Toleration { Key = Pool, OperatorProperty = "Equal", Value = Buffer, Effect = "NoSchedule" }],
        Affinity = new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity
            {
                PreferredDuringSchedulingIgnoredDuringExecution =
                [
                    new V1PreferredSchedulingTerm
                    {
                        Weight = 100,
                        Preference = new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = Pool, OperatorProperty = "In", Values = [Buffer] }] },
                    },
                ],
            },
        },
        Containers = [WordPress(spec, options)],
        Volumes =
        [
            new V1Volume { Name = "site", EmptyDir = new V1EmptyDirVolumeSource() },
            new V1Volume { Name = "state", EmptyDir = new V1EmptyDirVolumeSource() },
            new V1Volume { Name = "tmp", EmptyDir = new V1EmptyDirVolumeSource() },

            // Group-readable (0440): the files belong to root, and the group of the volume is the clone's. Optional, since a kubelet that was started again mounts
            // the volumes of a pod that ends before it takes them away, and a removal has taken the Secret by then (seen with 1.20; the pod stays for ever).
            new V1Volume { Name = "secrets", Secret = new V1SecretVolumeSource { SecretName = spec.Name, DefaultMode = 0x120, Optional = true } },
        ],
    };

    private static V1Container WordPress(CloneSpec spec, KubernetesOptions options) => new()
    {
        Name = Container,
        Image = options.Image,
        ImagePullPolicy = options.ImagePullPolicy,
        Env = Variables(spec),
        Ports = [new V1ContainerPort { Name = PortName, ContainerPort = CloneImage.Port, Protocol = "TCP" }],
        Resources = new V1ResourceRequirements
        {
            Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new($"{CloneFootprint.MilliCpu}m"), ["memory"] = new("192Mi") },
            Limits = new Dictionary<string, ResourceQuantity> { ["memory"] = new($"{CloneFootprint.MemoryMiB}Mi") },
        },
        SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
        },

        // Neither probe meets WordPress, its redirects or an import. A slow start has four minutes; a busy PHP is not a dead one.
        StartupProbe = Probe(CloneImage.ReadyPath, period: 1, failures: 240),
        ReadinessProbe = Probe(CloneImage.ReadyPath, period: 5, failures: 6),
        LivenessProbe = Probe(CloneImage.LivePath, period: 10, failures: 12),
        VolumeMounts =
        [
            new V1VolumeMount { Name = "site", MountPath = CloneImage.Root },
            new V1VolumeMount { Name = "state", MountPath = CloneImage.State },
            new V1VolumeMount { Name = "tmp", MountPath = CloneImage.Temporary },
            new V1VolumeMount { Name = "secrets", MountPath = CloneImage.Secrets, ReadOnlyProperty = true },
        ],
    };

    /// <summary>Who waits for a clone at once would wait for the compiler as well.</summary>
    private static List<V1EnvVar> Variables(CloneSpec spec)
    {
        var id = new V1EnvVar { Name = CloneImage.JobVariable, Value = spec.Job.Value };
        return spec.Claim is null ? [id] : [id, new V1EnvVar { Name = CloneImage.CompileVariable, Value = "1" }];
    }

    private static V1Probe Probe(string path, int period, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = PortName, Scheme = "HTTP" },
        PeriodSeconds = period,
        TimeoutSeconds = 10,
        FailureThreshold = failures,
    };
}
