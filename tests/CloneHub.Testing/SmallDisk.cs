using CloneHub.Dev.Processes;

namespace CloneHub.Testing;

/// <summary>A file system of a few megabytes in memory, that a test can fill. Only root may make one.</summary>
public sealed class SmallDisk
{
    private readonly string _filler;

    private SmallDisk(DirectoryInfo folder) => (Folder, _filler) = (folder, Path.Combine(folder.FullName, "filler"));

    public DirectoryInfo Folder { get; }

    /// <summary>Lies on the folder from now on, and goes with the test process.</summary>
    public static async Task<SmallDisk> MountAsync(DirectoryInfo folder, int megabytes)
    {
        await Command.RunAsync("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m,mode=0755", "clonehub-test", folder.FullName], CancellationToken.None);
        ServersFixture.Leash.Unmount(folder.FullName);
        return new SmallDisk(folder);
    }

    /// <summary>Takes all the room that is left.</summary>
    public async Task FillAsync()
    {
        var zeros = new byte[64 * 1024];
        try
        {
            await using var file = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true) await file.WriteAsync(zeros);
        }
        catch (IOException)
        {
            // No space left: that was the purpose.
        }
    }

    public void Free() => File.Delete(_filler);
}
