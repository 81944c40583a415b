using CloneHub.Contracts;
using CloneHub.Provisioning.Kubernetes.Manifests;
using CloneHub.Provisioning.Kubernetes.Watching;
using k8s.Models;

namespace CloneHub.Provisioning.Tests.Kubernetes;

/// <summary>Which pod holds a clone's content, while one takes another's place.</summary>
public sealed class CloneStateTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void A_pod_that_has_the_content_and_stays_has_lost_nothing() => Assert.False(With(Pod("held")).HasLostContent);

    [Fact]
    public void A_clone_without_content_has_none_to_lose() => Assert.False(With(content: null, Pod("new")).HasLostContent);

    /// <summary>For up to half a minute both are there. The new one is the one that is ready, and it is empty.</summary>
    [Fact]
    public void The_content_is_lost_as_soon_as_its_pod_is_told_to_go()
    {
        var state = With(Pod("held", isGoing: true), Pod("new"));

        Assert.Equal("new", state.ReadyPod!.Metadata.Uid);
        Assert.True(state.HasLostContent);
    }

    [Theory]
    [InlineData("Failed")]
    [InlineData("Succeeded")]
    public void A_pod_that_has_ended_holds_nothing(string phase) => Assert.True(With(Pod("held", phase)).HasLostContent);

    private static CloneState With(params V1Pod[] pods) => With("held", pods);

    private static CloneState With(string? content, params V1Pod[] pods) => new(
        new Anchor(JobId.FromBytes(new byte[16]), "uid", "1", "acme", 3, AnchorStage.Pod, content, Expires: null, Since: Now, IsGoing: false), null, null, null, pods);

    private static V1Pod Pod(string uid, string phase = "Running", bool isGoing = false) => new()
    {
        Metadata = new V1ObjectMeta { Uid = uid, DeletionTimestamp = isGoing ? Now : null },
        Status = new V1PodStatus { Phase = phase, Conditions = [new V1PodCondition { Type = "Ready", Status = phase == "Running" ? "True" : "False" }] },
    };
}
