using CloneHub.Contracts;

namespace CloneHub.Provisioning.Local;

/// <summary>Where everything of one clone lies. All of it follows from the name of its instance, so nothing has to be remembered.</summary>
/// <param name="Job">Name of the instance: the job's id, or that of one from the pool.</param>
internal sealed record ClonePaths(JobId Job, string Folder, string Socket)
{
    /// <summary>The job's clone is an instance of another name, and its own leads there.</summary>
    public bool IsLink => new FileInfo(Folder).LinkTarget is not null || new FileInfo(Socket).LinkTarget is not null;

    /// <summary>Document root.</summary>
    public string Www => Path.Combine(Folder, "www");

    public string Content => Path.Combine(Www, "wp-content");

    /// <summary>What CloneHub writes and the clone's PHP only partly sees: process files, the mark of an open route.</summary>
    public string Run => Path.Combine(Folder, "run");

    /// <summary>Writable for the clone's PHP and outside its document root: captured mail, temporary files, compiled code.</summary>
    public string State => Path.Combine(Folder, "state");

    public string Temporary => Path.Combine(State, "tmp");

    public string CompiledCode => Path.Combine(State, "opcache");

    public string Logs => Path.Combine(Folder, "logs");

    public string PhpLog => Path.Combine(Logs, "php-error.log");

    public string FpmConfig => Path.Combine(Run, "php-fpm.conf");
    public string NotCached => Path.Combine(Run, "opcache-blacklist");

    public string FpmPid => Path.Combine(Run, "php-fpm.pid");

    /// <summary>Exists while the public route leads to the clone; holds the job's id.</summary>
    public string RouteMark => Path.Combine(Run, "route");

    /// <summary>Exists while PHP should run for this clone.</summary>
    public string ServeMark => Path.Combine(Run, "serve");

    /// <summary>Folder with the list of media that come once the clone serves.</summary>
    public string Media => Path.Combine(Run, "media");

    /// <summary>Folder with the account of an import that is not complete.</summary>
    public string Import => Path.Combine(Run, "import");

    /// <summary>Log-in name that was chosen for the caller's administrator.</summary>
    public string UsernameMark => Path.Combine(Run, "username");
}

/// <summary>The folders of the local back end.</summary>
internal sealed class LocalLayout(string stateDirectory, string socketDirectory)
{
    public string StateDirectory { get; } = Path.GetFullPath(stateDirectory);

    public string SocketDirectory { get; } = Path.GetFullPath(socketDirectory);

    public string Clones => Path.Combine(StateDirectory, "clones");

    /// <summary>Files that processes which share these clones lock.</summary>
    public string Locks => Path.Combine(StateDirectory, "locks");

    public string NginxFolder => Path.Combine(StateDirectory, "nginx");

    /// <summary>Written by nginx alone, one log for each address; no clone may enter.</summary>
    public string AccessLogs => Path.Combine(NginxFolder, "access");

    public string NginxConfig => Path.Combine(StateDirectory, "nginx.conf");

    public string NginxPid => Path.Combine(StateDirectory, "nginx.pid");

    public string NginxSocket => Path.Combine(SocketDirectory, "nginx.sock");

    public string AccessLogOf(JobId job) => Path.Combine(AccessLogs, job.Value + ".log");

    /// <summary>The log and the part before it, as far as they exist.</summary>
    public IReadOnlyList<string> AccessLogFilesOf(JobId job) => !Directory.Exists(AccessLogs) ? [] : Directory.GetFiles(AccessLogs, job.Value + ".log*");

    public ClonePaths Of(JobId job) =>
        new(job, Path.Combine(Clones, job.Value), Path.Combine(SocketDirectory, job.Key + ".sock"));

    /// <summary>The instances that have a folder. Links to one are none.</summary>
    public IEnumerable<JobId> JobsWithFolder() => JobsOf(Folders().Where(folder => folder.LinkTarget is null).Select(folder => folder.Name));

    /// <summary>The instances that have a socket. Links to one are none.</summary>
    public IEnumerable<JobId> JobsWithSocket() => JobsOf(Sockets().Where(socket => socket.LinkTarget is null).Select(NameOf));

    /// <summary>The addresses that have an access log.</summary>
    public IEnumerable<JobId> JobsWithAccessLog() => JobsOf(
        !Directory.Exists(AccessLogs) ? [] : Directory.EnumerateFiles(AccessLogs).Select(file => Path.GetFileName(file).Split('.')[0]).Distinct());

    /// <summary>The jobs whose clone is an instance of another name.</summary>
    public IEnumerable<JobId> JobsWithLink() => JobsOf(
        Folders().Where(folder => folder.LinkTarget is not null).Select(folder => folder.Name)
            .Concat(Sockets().Where(socket => socket.LinkTarget is not null).Select(NameOf)))
        .Distinct();

    // A link whose target is gone counts as a file.
    private IEnumerable<FileSystemInfo> Folders() => !Directory.Exists(Clones) ? [] : new DirectoryInfo(Clones).EnumerateFileSystemInfos();

    private IEnumerable<FileInfo> Sockets() => !Directory.Exists(SocketDirectory) ? [] : new DirectoryInfo(SocketDirectory).EnumerateFiles("*.sock");

    private static string NameOf(FileInfo socket) => "job-" + Path.GetFileNameWithoutExtension(socket.Name);

    private static IEnumerable<JobId> JobsOf(IEnumerable<string?> names)
    {
        foreach (var name in names)
        {
            if (JobId.TryParse(name, out var job)) yield return job;
        }
    }
}
