using CloneHub.Provisioning.Kubernetes;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s.Models;

namespace CloneHub.Provisioning.Tests.Kubernetes;

/// <summary>What the cluster says of a pod, as a person reads it in the job's status.</summary>
public sealed class PodTroubleTests
{
    public static TheoryData<string, string, string, V1PodStatus> Troubles => new()
    {
        {
            "POD_UNSCHEDULABLE", "no room", "0/1 nodes are available: 1 Insufficient memory.",
            new V1PodStatus { Phase = "Pending", Conditions = [Condition("PodScheduled", "False", "Unschedulable", "0/1 nodes are available: 1 Insufficient memory.")] }
        },
        { "POD_IMAGE_UNAVAILABLE", "image of clones", "Back-off pulling image", Waiting("ImagePullBackOff", "Back-off pulling image \"x\"") },
        { "POD_IMAGE_UNAVAILABLE", "image of clones", "ErrImageNeverPull", Waiting("ErrImageNeverPull", null) },
        { "POD_IMAGE_UNAVAILABLE", "image of clones", "InvalidImageName", Waiting("InvalidImageName", null) },
        { "POD_CRASHING", "exit code 3", "back-off 10s", Waiting("CrashLoopBackOff", "back-off 10s restarting failed container", Ended(3, "Error")) },
        { "POD_OUT_OF_MEMORY", "more memory", "", Waiting("CrashLoopBackOff", "back-off 10s restarting failed container", Ended(137, "OOMKilled")) },
        { "POD_REFUSED", "lacks a part", "secret \"x\" not found", Waiting("CreateContainerConfigError", "secret \"x\" not found") },
        { "POD_EVICTED", "moved away", "The node was low on resource", new V1PodStatus { Phase = "Failed", Reason = "Evicted", Message = "The node was low on resource: ephemeral-storage." } },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public void A_trouble_is_told_in_plain_words_with_what_the_cluster_said(string code, string words, string told, V1PodStatus status)
    {
        var fault = PodTrouble.Of(Clone(Pod(status)))!;

        Assert.Equal(code, fault.Code);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Contains(told, fault.Message, StringComparison.Ordinal);
        Assert.True(fault.Retryable);
    }

    [Fact]
    public void A_quota_that_is_used_up_is_told_though_there_is_no_pod()
    {
        var deployment = new V1Deployment
        {
            Status = new V1DeploymentStatus
            {
                Conditions = [new V1DeploymentCondition { Type = "ReplicaFailure", Status = "True", Reason = "FailedCreate", Message = "pods \"x\" is forbidden: exceeded quota: clones" }],
            },
        };

        Assert.Equal("QUOTA_EXCEEDED", PodTrouble.Of(new CloneState(null, deployment, null, null, []))!.Code);
    }

    [Fact]
    public void A_pod_that_is_being_made_is_no_trouble() => Assert.Null(PodTrouble.Of(Clone(Pod(Waiting("ContainerCreating", null)))));

    [Fact]
    public void A_ready_pod_beside_an_evicted_one_is_no_trouble() => Assert.Null(PodTrouble.Of(Clone(
        Pod(new V1PodStatus { Phase = "Failed", Reason = "Evicted" }), Pod(new V1PodStatus { Phase = "Running", Conditions = [Condition("Ready", "True", null, null)] }))));

    [Fact]
    public void A_long_text_of_the_cluster_is_cut() =>
        Assert.InRange(PodTrouble.Of(Clone(Pod(Waiting("ImagePullBackOff", new string('x', 5_000)))))!.Message.Length, 200, 300);

    private static CloneState Clone(params V1Pod[] pods) => new(null, null, null, null, pods);

    private static V1Pod Pod(V1PodStatus status) => new() { Metadata = new V1ObjectMeta(), Status = status };

    private static V1PodCondition Condition(string type, string status, string? reason, string? message) => new() { Type = type, Status = status, Reason = reason, Message = message };

    private static V1ContainerStateTerminated Ended(int exitCode, string reason) => new() { ExitCode = exitCode, Reason = reason };

    private static V1PodStatus Waiting(string reason, string? message, V1ContainerStateTerminated? last = null) => new()
    {
        Phase = "Pending",
        Conditions = [Condition("PodScheduled", "True", null, null)],
        ContainerStatuses =
        [
            new V1ContainerStatus
            {
                Name = "wordpress",
                RestartCount = last is null ? 0 : 2,
                State = new V1ContainerState { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = message } },
                LastState = new V1ContainerState { Terminated = last },
            },
        ],
    };
}
