using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s.Models;

namespace CloneHub.Provisioning.Kubernetes;

/// <summary>Why a clone's pod does not serve, in plain words. Pure: what the cluster tells of a clone in, one answer out.</summary>
internal static class PodTrouble
{
    private const int Longest = 200;
    private const string Itself = "It is started again by itself.";

    private static readonly string[] ImageReasons = ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable"];

    /// <summary>Null while nothing is wrong.</summary>
    public static StepFault? Of(CloneState clone)
    {
        if (clone.ReadyPod is not null) return null;
        if (Refusal(clone.Deployment) is { } refused) return refused;
        var pods = clone.Pods.OrderByDescending(pod => pod.Metadata.CreationTimestamp).ToList();
        return pods.Where(pod => pod.Metadata.DeletionTimestamp is null && !IsOver(pod)).Select(OfPod).FirstOrDefault(fault => fault is not null)
            ?? pods.Where(IsOver).Select(OfEnded).FirstOrDefault(fault => fault is not null);
    }

    private static bool IsOver(V1Pod pod) => pod.Status?.Phase is "Failed" or "Succeeded";

    private static StepFault? Refusal(V1Deployment? deployment)
    {
        var failure = deployment?.Status?.Conditions?.FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" });
        if (failure is null) return null;
        return failure.Message?.Contains("exceeded quota", StringComparison.Ordinal) == true
            ? ClusterFaults.QuotaExceeded
            : Fault("POD_REFUSED", "The cluster refuses the clone's pod", failure.Message, "An admission rule or limit of the namespace forbids it; the operator has to change it.");
    }

    private static StepFault? OfEnded(V1Pod pod) => pod.Status?.Reason switch
    {
        "Evicted" => Fault("POD_EVICTED", "The clone's pod was moved away from its node", pod.Status.Message, "A new one is started; what it held is copied again."),
        _ => null,
    };

    private static StepFault? OfPod(V1Pod pod)
    {
        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        if (scheduled is { Status: "False", Reason: "Unschedulable" })
            return Fault("POD_UNSCHEDULABLE", "The cluster has no room for the clone at the moment", scheduled.Message, "It starts as soon as there is room; fewer clones or more nodes make room.");
        return pod.Status?.ContainerStatuses is [{ } container, ..] ? OfContainer(container) : null;
    }

    private static StepFault? OfContainer(V1ContainerStatus container)
    {
        var waiting = container.State?.Waiting;
        var ended = container.State?.Terminated ?? container.LastState?.Terminated;
        if (waiting is not null && ImageReasons.Contains(waiting.Reason))
            return Fault("POD_IMAGE_UNAVAILABLE", $"The image of clones cannot be had ({waiting.Reason})", waiting.Message, "The operator has to check the image's name and the cluster's access to it.");
        if (ended?.Reason == "OOMKilled")
            return Fault("POD_OUT_OF_MEMORY", "The clone needed more memory than it may have", null, Itself);
        if (waiting?.Reason == "CreateContainerConfigError")
            return Fault("POD_REFUSED", "The clone's pod lacks a part of its configuration", waiting.Message, "It is made again by itself.");
        return waiting?.Reason is "CrashLoopBackOff" or "RunContainerError" or "CreateContainerError" || (ended is { ExitCode: not 0 } && container.RestartCount > 0)
            ? Fault("POD_CRASHING", $"The clone's container ends as soon as it starts{(ended is null ? "" : $" (exit code {ended.ExitCode})")}", waiting?.Message, Itself)
            : null;
    }

    private static StepFault Fault(string code, string what, string? told, string hint) =>
        new(code, told is { Length: > 0 } ? $"{what}: {Cut(told)}" : what + ".", hint, Retryable: true);

    private static string Cut(string text) => text.Length <= Longest ? text : text[..(Longest - 1)] + "…";
}
