using System.Diagnostics;

namespace CloneHub.Provisioning.Tests.Failures;

/// <summary>A file system that holds next to nothing, over a folder. Only root can make one, and not everywhere.</summary>
internal sealed class FullDisk : IAsyncDisposable
{
    private readonly string _folder;

    private FullDisk(string folder) => _folder = folder;

    /// <param name="limit">What there is little of, as mount understands it: <c>size=256k</c>, <c>nr_inodes=2</c>.</param>
    /// <returns>Null where this process may not mount anything.</returns>
    public static async Task<FullDisk?> MountAsync(string folder, string limit)
    {
        Directory.CreateDirectory(folder);
        return await RunAsync("mount", "-t", "tmpfs", "-o", limit, "tmpfs", folder) ? new FullDisk(folder) : null;
    }

    // Processes of the clone may still look at it: it goes with the last of them.
    public async ValueTask DisposeAsync() => await RunAsync("umount", "-l", _folder);

    private static async Task<bool> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
