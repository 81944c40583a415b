namespace CloneHub.Provisioning.Agent;

/// <summary>What a clone's container image promises to whoever runs it; wordpress/image keeps the promise.</summary>
internal static class CloneImage
{
    /// <summary>The one program that may be run in a clone from outside.</summary>
    public const string Agent = "/usr/local/bin/clonehub-agent";

    /// <summary>User and group of every process. A volume that they write to needs this as its fsGroup.</summary>
    public const int UserId = 10001;

    public const int Port = 8080;

    /// <summary>Answered by nginx alone: for the liveness probe, which must not count a busy PHP as a dead one.</summary>
    public const string LivePath = "/.clonehub/live";

    /// <summary>
    /// Answered by a PHP that does nothing else, with the job's id: no WordPress, redirect, import or maintenance comes in between. For
    /// start-up and readiness probes.
    /// </summary>
    public const string ReadyPath = "/.clonehub/ready";

    /// <summary>Folder of the document root. To be writable; it fills at the first start with the WordPress of the image.</summary>
    public const string Root = "/var/www/html";

    /// <summary>To be writable: captured mail, compiled code, the agent's marks.</summary>
    public const string State = "/var/lib/clonehub";

    /// <summary>To be writable: sockets, process ids, uploads on their way. A volume in memory will do up to the size of uploads.</summary>
    public const string Temporary = "/tmp";

    /// <summary>Unpacked WordPress cores, one folder per version; part of the image.</summary>
    public const string CoreStore = "/usr/share/clonehub/cores";

    /// <summary>Where the clone's Secret is mounted, one file per key; read only.</summary>
    public const string Secrets = "/etc/clonehub/secrets";

    /// <summary>Key of the Secret that holds the password of the clone's database user.</summary>
    public const string DatabasePasswordKey = "database-password";

    /// <summary>Environment variable with the job's id; required.</summary>
    public const string JobVariable = "CLONEHUB_JOB_ID";

    /// <summary>Environment variable: if it is set, WordPress is compiled before the container is ready.</summary>
    public const string CompileVariable = "CLONEHUB_COMPILE";
}
