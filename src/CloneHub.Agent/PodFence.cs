using System.Globalization;
using CloneHub.Contracts;
using CloneHub.Provisioning;

namespace CloneHub.Agent;

/// <summary>
/// Keeps an agent that nobody waits for any more from disturbing the one that took over. Every agent leaves a file named after its fence, so
/// that two that begin at the same moment need no order; the highest number works, once the others have let go of the lock.
/// </summary>
internal sealed class PodFence : IDisposable
{
    // Between two looks at the fence an older attempt may have to finish a batch of rows or a large file.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly string _folder;
    private readonly StepToken _token;
    private FileStream? _lock;

    private PodFence(string folder, StepToken token)
    {
        _folder = folder;
        _token = token;
    }

    /// <exception cref="OvertakenException">A newer attempt has been here.</exception>
    /// <exception cref="StepFaultException">An older one does not stop.</exception>
    public static async Task<PodFence> ClaimAsync(string folder, StepToken token, TimeProvider clock, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var fence = new PodFence(folder, token);
        fence.Require();
        await File.WriteAllBytesAsync(fence.PathOf(token.Fence), [], cancellation);
        var start = clock.GetTimestamp();
        while (!fence.TryLock())
        {
            fence.Require();
            if (clock.GetElapsedTime(start) > Patience)
                throw new StepFaultException(new StepFault(
                    StepFault.BackendUnavailable, "An earlier attempt in the clone's pod does not stop.", "It is tried again for some minutes; nothing needs to be done.", Retryable: true));
            await Task.Delay(Pause, clock, cancellation);
        }

        fence.Require();
        foreach (var older in fence.Numbers().Where(number => number < token.Fence)) File.Delete(fence.PathOf(older));
        return fence;
    }

    public Task EnsureHeldAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Require();
        return Task.CompletedTask;
    }

    public void Dispose() => _lock?.Dispose();

    private void Require()
    {
        if (Numbers().Any(number => number > _token.Fence)) throw new OvertakenException(_token);
    }

    private bool TryLock()
    {
        try
        {
            _lock = new FileStream(Path.Combine(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            // Somebody holds it: that is the answer.
            return false;
        }
    }

    private IEnumerable<long> Numbers() => Directory.EnumerateFiles(_folder)
        .Select(file => long.TryParse(Path.GetFileName(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1);

    private string PathOf(long number) => Path.Combine(_folder, number.ToString(CultureInfo.InvariantCulture));
}
