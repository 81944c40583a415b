namespace CloneHub.Provisioning;

/// <summary>Where clones live. Section <c>CloneHub</c>.</summary>
internal sealed class BackendOptions
{
    public const string Section = "CloneHub";

    public BackendKind Backend { get; set; } = BackendKind.Local;
}

internal enum BackendKind
{
    /// <summary>On the machine that CloneHub runs on.</summary>
    Local,

    /// <summary>As pods of a Kubernetes cluster.</summary>
    Kubernetes,
}
